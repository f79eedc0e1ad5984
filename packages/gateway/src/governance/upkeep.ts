import type { Logger, Spool, Storage } from '@zeke/foundation';
import type { AuditLog } from './audit/audit-log.ts';
import type { BudgetWebhook } from './budgets/budget-webhook.ts';
import type { ContentStore } from './content/content-store.ts';
import type { Ledger } from './ledger.ts';
import { Maintenance, type RetentionSettings } from './retention/maintenance.ts';
import type { GatewayTables } from './tables.ts';

/** Places on the disk for what the database, or a webhook, does not take now. */
export interface Spools {
  ledger: Spool;
  audit: Spool;
  webhook: Spool;
}

/** Nothing is removed. */
export const keepForGood: RetentionSettings = { ledgerDays: 0, usageDays: 0, auditDays: 0 };

export interface UpkeepOptions {
  storage: Storage<GatewayTables>;
  log: Logger;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Milliseconds on a clock that no setting of the time moves. */
  monotonicMs?: (() => number) | undefined;
  spools?: Spools | undefined;
  parts: { ledger: Ledger; audit: AuditLog; content: ContentStore; webhook: BudgetWebhook };
}

/**
 * What goes on beside requests in a process that serves: the database is kept in order, and what other
 * processes have left on the disk is brought to where it belongs.
 */
export class Upkeep implements AsyncDisposable {
  /** In force from the next hour on. */
  retention: RetentionSettings = keepForGood;
  readonly #options: UpkeepOptions;
  readonly #maintenance: Maintenance;

  constructor(options: UpkeepOptions) {
    const { log, monotonicMs = () => performance.now(), now, storage } = options;
    this.#options = options;
    this.#maintenance = new Maintenance({
      storage,
      log,
      now,
      monotonicMs,
      settings: () => this.retention,
      others: [
        { name: 'what other processes left', run: () => this.#takeOver() },
        { name: 'kept content', run: () => this.#options.parts.content.cut(now()) },
      ],
    });
  }

  start(): void {
    this.#options.parts.webhook.resume();
    this.#maintenance.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#maintenance[Symbol.asyncDispose]();
  }

  async #takeOver(): Promise<void> {
    const { parts, spools } = this.#options;
    if (!spools) return;
    if (await spools.ledger.adopt()) await parts.ledger.flush();
    await spools.audit.adopt();
    await parts.audit.catchUp();
    if (await spools.webhook.adopt()) parts.webhook.resume();
  }
}
