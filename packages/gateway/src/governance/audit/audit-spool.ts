import type { Logger, Spool, Storage } from '@zeke/foundation';
import { DayTable } from '../day-table.ts';
import { takeTurn } from '../ledger-batch.ts';
import type { GatewayTables } from '../tables.ts';
import { type AuditEvent, rowAfter } from './audit-entry.ts';
import { withChain } from './with-chain.ts';

export interface AuditSpoolOptions {
  storage: Storage<GatewayTables>;
  spool: Spool;
  /** Milliseconds since the epoch. */
  now: () => number;
  log?: Logger | undefined;
}

/** An event on the disk. */
interface Kept {
  /** Of the process that kept it, and which of its events it is, from 1. */
  writer: string;
  number: number;
  /** When it happened, in milliseconds since the epoch. */
  atMs: number;
  event: AuditEvent;
}

/** Events that wait on the disk until the database takes them, each once. */
export class AuditSpool {
  readonly #options: AuditSpoolOptions;
  readonly #days: DayTable;
  readonly #id = crypto.randomUUID();
  #count = 0;
  #running: Promise<void> | undefined;

  constructor(options: AuditSpoolOptions) {
    this.#options = options;
    this.#days = new DayTable(options.storage, 'gateway_audit');
  }

  get isEmpty(): boolean {
    return this.#options.spool.isEmpty;
  }

  /** Throws when the disk does not take it. */
  async keep(event: AuditEvent, atMs: number): Promise<void> {
    const kept: Kept = { writer: this.#id, number: ++this.#count, atMs, event };
    await this.#options.spool.append(new TextEncoder().encode(JSON.stringify(kept)));
  }

  /** Writes what waits, until the database refuses. Never rejects. */
  catchUp(): Promise<void> {
    this.#running ??= this.#writeAll()
      .catch((err: unknown) => {
        this.#options.log?.debug('what waits for the audit log waits on', { err });
      })
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  async #writeAll(): Promise<void> {
    const { log, spool } = this.#options;
    if (spool.isEmpty) return;
    for (let record = await spool.first(); record; record = await spool.first()) {
      const kept = decode(record);
      if (kept) await this.#write(kept);
      else log?.error('a record of the spool is no audited event, and is left out');
      await spool.drop();
    }
    log?.info('the audit log has what waited on the disk');
  }

  async #write({ writer, number, atMs, event }: Kept): Promise<void> {
    await this.#days.ensure([atMs]);
    await withChain(this.#options.storage, async (within, last) => {
      if (!(await takeTurn(within, { writer, number, atMs }))) return;
      await within
        .insertInto('gateway_audit')
        .values(rowAfter(last, event, atMs))
        .execute();
    });
  }
}

/** Undefined for what is no event. */
function decode(record: Uint8Array): Kept | undefined {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(record));
  } catch {
    return undefined;
  }
  const { writer, number, atMs, event } = (value ?? {}) as Record<string, unknown>;
  const { action, actor, detail, objectKind, outcome } = (event ?? {}) as Record<string, unknown>;
  const areTexts = [writer, action, actor, objectKind, outcome].every(
    (each) => typeof each === 'string',
  );
  if (!areTexts || typeof detail !== 'object' || detail === null) return undefined;
  return Number.isSafeInteger(number) && Number.isSafeInteger(atMs) ? (value as Kept) : undefined;
}
