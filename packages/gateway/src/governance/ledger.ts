import type { Logger, Storage } from '@zeke/foundation';
import type { DialectName } from '../neutral/dialect-name.ts';
import type { Usage } from '../neutral/usage.ts';
import type { ProviderPricing } from '../providers/provider.ts';
import { addSpend, spendOf } from './budgets/spend.ts';
import type { GatewayTables } from './tables.ts';

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

export interface LedgerOptions {
  storage: Storage<GatewayTables>;
  /** The cost of each entry, null where the model's price is not known. */
  price: (entries: readonly LedgerEntry[]) => Promise<(Cost | null)[]>;
  log: Logger;
  /** The longest time an entry waits to be written with others. */
  flushIntervalMs: number;
  /** Called when all is written. */
  onFlush?: () => Promise<void>;
  /** Called when entries are written, with what each was charged to its spenders, in micro-USD. */
  onWritten?: (entries: readonly LedgerEntry[], charges: readonly number[]) => void;
  /** How long disposal waits for a database that does not answer. Default 5,000. */
  disposeTimeoutMs?: number;
}

/** Entries that may wait while the database does not answer; over it the oldest are lost, and said so. */
const maxWaitingEntries = 100_000;
/** How many are given up at once over that limit, so that the rest is not moved for every one. */
const lostAtOnce = 1_000;
/** SQLite writes a group of this size in a few milliseconds, in which nothing else runs. */
const maxGroup = 500;
const retryMs = 1_000;
/** On disposal a database that does not answer is waited for this long, retries included. */
const disposeTimeoutMs = 5_000;
const disposeRetryMs = 100;

const columns = [
  'at_ms',
  'request_id',
  'trace_id',
  'attempt',
  'key_id',
  'owner',
  'org_id',
  'team_id',
  'user_id',
  'provider',
  'model',
  'requested_model',
  'operation',
  'caller_dialect',
  'provider_dialect',
  'streamed',
  'outcome',
  'http_status',
  'error_code',
  'input_tokens',
  'output_tokens',
  'cached_input_tokens',
  'cache_write_5m_tokens',
  'cache_write_1h_tokens',
  'reasoning_tokens',
  'audio_input_tokens',
  'audio_output_tokens',
  'image_input_tokens',
  'image_output_tokens',
  'estimated',
  'cost_micro_usd',
  'cost_components',
  'latency_ms',
  'first_token_ms',
] as const;

/**
 * Writes entries in groups, in the order they came, off the request path. `record` never waits; a
 * group is written at the latest `flushIntervalMs` after its first entry, and what waits is written
 * by `flush` and on disposal. A group that the database refuses is kept and tried again.
 */
export class Ledger implements AsyncDisposable {
  readonly #options: LedgerOptions;
  readonly #disposeTimeoutMs: number;
  #waiting: LedgerEntry[] = [];
  /** Of the group that the database has been given and has not yet taken. */
  #inFlight = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing: Promise<void> = Promise.resolve();
  #lost = 0;
  #disposed = false;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#disposeTimeoutMs = options.disposeTimeoutMs ?? disposeTimeoutMs;
  }

  /** Entries not yet written. */
  get waiting(): number {
    return this.#waiting.length + this.#inFlight;
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

  /** Resolves when all that was recorded before is written; rejects when the database refuses. */
  flush(): Promise<void> {
    return this.#inTurn(() => this.#writeAll());
  }

  /** Writes all that was recorded before, then does this, while nothing is written. */
  betweenWrites(work: () => Promise<void>): Promise<void> {
    return this.#inTurn(async () => {
      await this.#writeAll();
      await work();
    });
  }

  /**
   * Writes what waits, and tries again while the database refuses. Gives up after
   * `disposeTimeoutMs`, and then the log says how many entries are lost.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    const timeout = Promise.withResolvers<'late'>();
    const timer = setTimeout(() => timeout.resolve('late'), this.#disposeTimeoutMs);
    for (;;) {
      const end = await Promise.race([timeout.promise, this.flush().then(done, failed)]);
      if (end === 'done' && this.waiting === 0) break;
      if (end === 'done') continue;
      const retry = Bun.sleep(disposeRetryMs);
      if (end === 'late' || (await Promise.race([timeout.promise, retry])) === 'late') {
        this.#options.log.error('the ledger could not be written before the end', {
          lost: this.#lost + this.waiting,
        });
        break;
      }
    }
    this.#disposed = true;
    clearTimeout(timer);
    clearTimeout(this.#timer);
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const done = this.#writing.then(work);
    this.#writing = done.catch((error: unknown) => this.#retryLater(error));
    return done;
  }

  #flushLater(afterMs: number): ReturnType<typeof setTimeout> {
    // Who waits for this flush is nobody; `flush` itself tells the log and comes back.
    return setTimeout(() => void this.flush().catch(() => undefined), afterMs);
  }

  /**
   * Writes what waits now. What comes meanwhile has a timer of its own: under load there is always
   * something new, and writing it at once would make groups of a few rows, each with its commit.
   */
  async #writeAll(): Promise<void> {
    for (let due = this.#waiting.length; due > 0; due -= maxGroup) {
      const group = this.#waiting.splice(0, Math.min(due, maxGroup));
      this.#inFlight = group.length;
      try {
        await this.#write(group);
      } catch (error) {
        this.#waiting = group.concat(this.#waiting);
        throw error;
      } finally {
        this.#inFlight = 0;
      }
      // Requests that came meanwhile go first.
      if (due > maxGroup) await new Promise((resolve) => setImmediate(resolve));
    }
    await this.#options.onFlush?.();
  }

  async #write(group: readonly LedgerEntry[]): Promise<void> {
    const { onWritten, price, storage } = this.#options;
    const costs = await price(group);
    const rows = group.map((entry, index) => rowOf(entry, costs[index] ?? null));
    const charges = group.map(({ charge }, index) =>
      wholeOf(charge ?? costs[index]?.totalMicroUsd),
    );
    const spend = spendOf(group, charges);
    if (spend.length === 0) await storage.insertMany('gateway_ledger', columns, rows);
    else {
      await storage.db.transaction().execute(async (transaction) => {
        await storage.insertMany('gateway_ledger', columns, rows, transaction);
        await addSpend(transaction, spend);
      });
    }
    onWritten?.(group, charges);
  }

  #retryLater(error: unknown): void {
    this.#options.log.error('the ledger could not be written; it is tried again', {
      err: error,
      waiting: this.waiting,
      lost: this.#lost,
    });
    if (this.#disposed) return;
    clearTimeout(this.#timer);
    this.#timer = this.#flushLater(retryMs);
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

function rowOf(entry: LedgerEntry, cost: Cost | null): (string | number | boolean | null)[] {
  const { usage } = entry;
  return [
    entry.atMs,
    textOf(entry.requestId),
    textOf(entry.traceId),
    entry.attempt,
    textOf(entry.keyId),
    textOf(entry.owner),
    textOf(entry.orgId),
    textOf(entry.teamId),
    textOf(entry.userId),
    textOf(entry.provider),
    textOf(entry.model),
    textOf(entry.requestedModel),
    entry.operation,
    entry.callerDialect,
    entry.providerDialect,
    entry.streamed,
    entry.outcome,
    entry.httpStatus ?? null,
    entry.errorCode ?? null,
    wholeOf(usage.input),
    wholeOf(usage.output),
    wholeOf(usage.cachedInput),
    wholeOf(usage.cacheWrite5m),
    wholeOf(usage.cacheWrite1h),
    wholeOf(usage.reasoning),
    wholeOf(usage.audioInput),
    wholeOf(usage.audioOutput),
    wholeOf(usage.imageInput),
    wholeOf(usage.imageOutput),
    usage.estimated ?? false,
    cost ? wholeOf(cost.totalMicroUsd) : null,
    cost ? JSON.stringify(cost.components) : null,
    Math.min(Math.round(entry.latencyMs), maxInt32),
    entry.firstTokenMs === undefined ? null : Math.min(Math.round(entry.firstTokenMs), maxInt32),
  ];
}

const maxInt32 = 2_147_483_647;

/** Callers and providers choose texts, and PostgreSQL's have no place for a NUL. */
function textOf(text: string | undefined): string | null {
  if (text === undefined) return null;
  return text.includes('\0') ? text.replaceAll('\0', '\ufffd') : text;
}

/** Tokens of one answer, or micro-USD: what is more is nonsense, and would overflow sums. */
const maxCount = 1_000_000_000_000;

/** Providers' counts come as they are; one that is no count must not hold the others up. */
function wholeOf(count: number | undefined): number {
  if (count === undefined || !(count > 0)) return 0;
  return Math.min(Math.round(count), maxCount);
}
