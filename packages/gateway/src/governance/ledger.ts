import { apiError } from '../neutral/api-error.ts';
import type { DialectName } from '../neutral/dialect-name.ts';
import type { Usage } from '../neutral/usage.ts';
import type { ProviderPricing } from '../providers/provider.ts';
import { LedgerWriter, type LedgerWriterOptions } from './ledger-writer.ts';
import type { FoundPrices } from './prices/catalogue.ts';

/** One attempt at one provider, as the request path knows it at its end, or a refused request. */
export interface LedgerEntry {
  atMs: number;
  requestId: string;
  traceId?: string | undefined;
  /** From 1; 0 where no provider was asked. */
  attempt: number;
  keyId?: string | undefined;
  owner?: string | undefined;
  orgId?: string | undefined;
  teamId?: string | undefined;
  userId?: string | undefined;
  /** Counted against budgets of tags; not on the row. */
  tags?: readonly string[] | undefined;
  provider: string;
  pricing?: ProviderPricing | undefined;
  model: string;
  requestedModel: string;
  operation: string;
  callerDialect: DialectName | 'raw';
  providerDialect: DialectName | 'raw' | 'none';
  streamed: boolean;
  outcome: 'ok' | 'error' | 'canceled' | 'incomplete' | 'refused' | 'cached';
  httpStatus?: number | undefined;
  errorCode?: string | undefined;
  usage: Usage;
  /** False where nobody knows what was used: then there is no cost either. */
  metered: boolean;
  latencyMs: number;
  firstTokenMs?: number | undefined;
  /** What `usage` costs by these prices, once somebody has asked. */
  priced?: { readonly by: FoundPrices; readonly cost: Cost | null } | undefined;
  /** What budgets were charged, in micro-USD; else they are charged the cost. */
  charge?: number | undefined;
  /** The budgets' `sequence` when they were charged; absent where they were not. */
  chargedAt?: number | undefined;
}

/** What a usage cost, and of what the sum is made. Micro-USD. */
export interface Cost {
  totalMicroUsd: number;
  /** By kind of token, `input`, `cached_input`, …, and `source` of the price. */
  components: Readonly<Record<string, number | string>>;
}

export interface LedgerOptions extends LedgerWriterOptions {
  /** The longest time an entry waits to be written with others. */
  flushIntervalMs: number;
  /** Called when all is in the database. */
  onFlush?: () => Promise<void>;
  /** How long disposal waits for a database that does not answer. Default 5,000. */
  disposeTimeoutMs?: number;
}

/** Why something was not written. */
interface Fault {
  reason: unknown;
}

/** Entries that may wait in memory; over it the oldest are lost, and said so. */
const maxWaitingEntries = 100_000;
/** How many are given up at once over that limit, so that the rest is not moved for every one. */
const lostAtOnce = 1_000;
/** SQLite writes a group of this size in a few milliseconds, in which nothing else runs. */
const maxGroup = 500;
const retryMs = 1_000;
/** For so long what is on the disk is written, before what is new has its turn. */
const catchUpMs = 250;
/** On disposal a database that does not answer is waited for this long, retries included. */
const disposeTimeoutMs = 5_000;
const disposeRetryMs = 100;

/**
 * Writes entries in groups, in the order they came, off the request path. `record` never waits; a
 * group is written at the latest `flushIntervalMs` after its first entry, and what waits is written
 * by `flush` and on disposal. A group that the database refuses goes to the disk, where there is a spool,
 * else it is kept in memory; either way it is tried again until the database has it, once.
 */
export class Ledger implements AsyncDisposable {
  /** What becomes of new requests while `isStuck`: they are refused, or the oldest rows are lost. */
  whenFull: 'refuse' | 'drop' = 'refuse';
  readonly #options: LedgerOptions;
  readonly #writer: LedgerWriter;
  readonly #disposeTimeoutMs: number;
  #waiting: LedgerEntry[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #writing: Promise<void> = Promise.resolve();
  #lost = 0;
  #disposed = false;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#writer = new LedgerWriter(options);
    this.#disposeTimeoutMs = options.disposeTimeoutMs ?? disposeTimeoutMs;
    if (this.#writer.isBehind) this.#comeBack(undefined);
  }

  /** Entries in memory that are written nowhere yet. */
  get waiting(): number {
    return this.#waiting.length + this.#writer.held;
  }

  /** Bytes on the disk that are not known to be in the database. */
  get spooledBytes(): number {
    return this.#options.spool?.bytes ?? 0;
  }

  /** True while neither the database nor the disk takes anything: what comes now may be lost. */
  get isStuck(): boolean {
    return this.#writer.isStuck;
  }

  /** Throws `unavailable`, retryable, where a request could not be accounted for, and is not to go on. */
  checkRoom(): void {
    if (!this.#writer.isStuck || this.whenFull === 'drop') return;
    throw apiError(
      'unavailable',
      'neither the database nor the disk takes the ledger, so nothing is answered that could not be accounted for; try again later',
      { status: 503, reason: 'ledger_full', retryable: true },
    );
  }

  record(entry: LedgerEntry): void {
    if (this.#disposed) {
      this.#options.log.error('an entry came after the ledger was closed and is lost', {
        requestId: entry.requestId,
      });
      return;
    }
    this.#waiting.push(entry);
    if (this.#waiting.length > maxWaitingEntries) this.#giveUpOldest();
    this.#timer ??= this.#flushLater(this.#options.flushIntervalMs);
  }

  /**
   * Resolves when all that was recorded before is in the database, what waits on the disk too; rejects
   * when it refuses.
   */
  flush(): Promise<void> {
    return this.#inTurn(() => this.#writeAll(true));
  }

  /** Writes all that was recorded before, then does this, while nothing is written. */
  betweenWrites(work: () => Promise<void>): Promise<void> {
    return this.#inTurn(async () => {
      await this.#writeAll(true);
      await work();
    });
  }

  /**
   * Writes what waits, and tries again while the database refuses. After `disposeTimeoutMs` what is left
   * goes to the disk; without a spool the log says how many entries are lost.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    const timeout = Promise.withResolvers<'late'>();
    const timer = setTimeout(() => timeout.resolve('late'), this.#disposeTimeoutMs);
    for (;;) {
      const end = await Promise.race([timeout.promise, this.flush().then(done, failed)]);
      if (this.waiting === 0 && end !== 'late') break;
      if (end === 'done') continue;
      const retry = Bun.sleep(disposeRetryMs);
      if (end === 'late' || (await Promise.race([timeout.promise, retry])) === 'late') {
        await this.#rescue();
        break;
      }
    }
    this.#disposed = true;
    clearTimeout(timer);
    clearTimeout(this.#timer);
    clearTimeout(this.#retryTimer);
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const done = this.#writing.then(work);
    this.#writing = done.catch(() => undefined);
    return done;
  }

  #flushLater(afterMs: number): ReturnType<typeof setTimeout> {
    // Who waits for this flush is nobody; it tells the log itself and comes back.
    return setTimeout(
      () => void this.#inTurn(() => this.#writeAll(false)).catch(() => undefined),
      afterMs,
    );
  }

  /**
   * Writes what waits now, behind what was refused before. What comes meanwhile has a timer of its own:
   * under load there is always something new, and writing it at once would make groups of a few rows,
   * each with its commit. `isUrgent`: now and to its end, and whoever asked is told what went wrong.
   */
  async #writeAll(isUrgent: boolean): Promise<void> {
    let fault: Fault | undefined;
    if (this.#writer.isBehind && (isUrgent || this.#retryTimer === undefined)) {
      fault = await this.#catchUp(isUrgent);
    }
    // One that is held goes first: on the disk there may be no room for the next either.
    if (this.#writer.held === 0) {
      const late = await this.#writeWaiting();
      fault ??= late;
    }
    if (isUrgent && !fault && this.#writer.isBehind) fault = await this.#catchUp(true);
    if (this.#writer.isBehind) this.#comeBack(fault);
    else await this.#options.onFlush?.();
    if (fault && (isUrgent || this.#writer.held > 0)) throw fault.reason;
  }

  async #catchUp(toItsEnd: boolean): Promise<Fault | undefined> {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    try {
      do await this.#writer.catchUp(catchUpMs);
      while (toItsEnd && this.#writer.isBehind);
      return undefined;
    } catch (reason) {
      return { reason };
    }
  }

  async #writeWaiting(): Promise<Fault | undefined> {
    for (let due = this.#waiting.length; due > 0; due -= maxGroup) {
      const group = this.#waiting.splice(0, Math.min(due, maxGroup));
      try {
        await this.#writer.write(group);
      } catch (reason) {
        return { reason };
      }
      // Requests that came meanwhile go first.
      if (due > maxGroup) await new Promise((resolve) => setImmediate(resolve));
    }
    return undefined;
  }

  /** What is behind is tried again: soon where it was only much, later where it was refused. */
  #comeBack(fault: Fault | undefined): void {
    if (fault && this.#writer.held > 0) {
      this.#options.log.error('the ledger could not be written; it is tried again', {
        err: fault.reason,
        waiting: this.waiting,
        lost: this.#lost,
      });
    }
    if (this.#disposed || this.#retryTimer !== undefined) return;
    const isRefused = fault !== undefined || this.#writer.held > 0;
    this.#retryTimer = setTimeout(
      () => {
        this.#retryTimer = undefined;
        void this.#inTurn(() => this.#writeAll(false)).catch(() => undefined);
      },
      isRefused ? retryMs : 0,
    );
  }

  async #rescue(): Promise<void> {
    const left = this.waiting;
    if (left === 0) return;
    try {
      await this.#writer.rescue(this.#waiting.splice(0), maxGroup);
      this.#options.log.warn('the end of the ledger is on the disk, for the next start', { left });
    } catch {
      const lost = this.#lost + left;
      this.#options.log.error('the ledger could not be written before the end', { lost });
    }
  }

  #giveUpOldest(): void {
    this.#waiting.splice(0, lostAtOnce);
    this.#lost += lostAtOnce;
    this.#options.log.error('too many entries wait for the ledger; the oldest are lost', {
      waiting: this.waiting,
      lost: this.#lost,
    });
  }
}

const done = () => 'done' as const;
const failed = () => 'failed' as const;
