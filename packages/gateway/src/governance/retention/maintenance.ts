import type { Logger, Storage } from '@zeke/foundation';
import { cutAudit } from '../audit/cut-audit.ts';
import { dayMs } from '../budgets/windows.ts';
import { DayTable, dayTables } from '../day-table.ts';
import type { GatewayTables } from '../tables.ts';
import { cutLedger, cutUsage, cutWriters } from './cut-ledger.ts';

/** For how long what is kept. Whole days, today not counted; 0: for good. */
export interface RetentionSettings {
  ledgerDays: number;
  /** The ledger's sums by hour. */
  usageDays: number;
  auditDays: number;
}

export interface MaintenanceOptions {
  storage: Storage<GatewayTables>;
  log: Logger;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Milliseconds on a clock that no setting of the time moves. */
  monotonicMs: () => number;
  settings: () => RetentionSettings;
  /** What else is to be done each time: `name` says what failed. */
  others?: readonly { name: string; run: () => Promise<unknown> }[];
}

const everyMs = 3_600_000;
/** Partitions are made so long before their day. */
const aheadDays = 7;
/** From one time to the next the wall clock may leave the monotonic one, which sleeps with the machine. */
const maxClockJumpMs = 3 * dayMs;

/**
 * Keeps the database in order, once an hour: makes the partitions of the days to come, and removes what
 * is older than it is to be kept. All processes on a database may do it at the same time. Where the wall
 * clock has jumped by days nothing is removed any more, which the log says: a wrong year would take
 * everything.
 */
export class Maintenance implements AsyncDisposable {
  readonly #options: MaintenanceOptions;
  #offsetMs: number;
  #timer: ReturnType<typeof setInterval> | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: MaintenanceOptions) {
    this.#options = options;
    this.#offsetMs = options.now() - options.monotonicMs();
  }

  /** Begins now, and goes on until it is disposed of. */
  start(): void {
    void this.run();
    this.#timer = setInterval(() => void this.run(), everyMs);
    this.#timer.unref();
  }

  /** Does all of it once, after what runs already. Never rejects: the log says what went wrong. */
  run(): Promise<void> {
    this.#running = this.#running.then(() => this.#runAll());
    return this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  async #runAll(): Promise<void> {
    const { now, others = [], settings, storage } = this.#options;
    const { auditDays, ledgerDays, usageDays } = settings();
    const today = Math.floor(now() / dayMs);
    await this.#try('the days to come', () => this.#makeDays(today));
    for (const { name, run } of others) await this.#try(name, run);
    if (this.#hasJumped()) return;
    if (ledgerDays > 0) {
      await this.#try('the ledger', () => cutLedger(storage, today - ledgerDays));
    }
    if (usageDays > 0) {
      await this.#try('the usage', () => cutUsage(storage, today - usageDays, today));
    }
    if (auditDays > 0) {
      const beforeMs = (today - auditDays) * dayMs;
      await this.#try('the audit log', () => cutAudit({ storage, now, beforeMs }));
    }
    await this.#try('the writers', () => cutWriters(storage, now()));
  }

  async #makeDays(today: number): Promise<void> {
    const days = Array.from({ length: aheadDays + 1 }, (_, ahead) => (today + ahead) * dayMs);
    for (const name of dayTables) await new DayTable(this.#options.storage, name).ensure(days);
  }

  #hasJumped(): boolean {
    const { log, monotonicMs, now } = this.#options;
    const offsetMs = now() - monotonicMs();
    const jumpMs = offsetMs - this.#offsetMs;
    if (Math.abs(jumpMs) <= maxClockJumpMs) {
      this.#offsetMs = offsetMs;
      return false;
    }
    const message = 'the clock has jumped; nothing is removed for its age: if it is right, restart';
    log.warn(message, { jumpMs });
    return true;
  }

  async #try(name: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (err) {
      this.#options.log.warn('maintenance failed, and is tried again in an hour', { name, err });
    }
  }
}
