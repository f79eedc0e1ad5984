import type { Storage } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { sql, type Transaction } from 'kysely';
import { isAlive, ownIdentity } from './process-identity.ts';
import { readEntries } from './read-entries.ts';
import type { EntryData, SessionEntry } from './session-entry.ts';
import { limitEntry, maxSessionBytes } from './session-limits.ts';
import type { DamagedEntry } from './session-store.ts';
import type { LeaseRow, SessionTables } from './tables.ts';
import { titleOf } from './title-of.ts';

/** How often a lease is renewed, and after what silence one of another machine counts as left. */
const renewMs = 15_000;
const staleMs = 90_000;
/** How often a write that the database was too busy for is tried, and the first wait, which doubles. */
const maxWrites = 6;
const firstWaitMs = 25;

interface LeaseOptions {
  readonly storage: Storage<SessionTables>;
  readonly now: () => number;
  readonly sessionId: string;
}

/** As `SessionStore.acquire` says. */
export async function acquireLease(options: LeaseOptions): Promise<SessionLease> {
  const { storage, now, sessionId } = options;
  const token = crypto.randomUUID();
  const mine = { session_id: sessionId, token, ...ownIdentity(), renewed_at_ms: now() };
  await storage.db.transaction().execute(async (transaction) => {
    const holder = await holderOf(transaction, sessionId);
    if (holder !== undefined && !isLeft(holder, now())) throw isRunning(sessionId, holder);
    if (holder !== undefined) {
      await transaction.deleteFrom('assistant_leases').where('token', '=', holder.token).execute();
    }
    const added = await transaction
      .insertInto('assistant_leases')
      .values(mine)
      .onConflict((conflict) => conflict.column('session_id').doNothing())
      .executeTakeFirst();
    if (added.numInsertedOrUpdatedRows !== 1n) throw isRunning(sessionId, undefined);
  });
  const lease = new SessionLease(options, token);
  try {
    await lease.load();
  } catch (error) {
    await lease[Symbol.asyncDispose]();
    throw error;
  }
  return lease;
}

/**
 * The right to write to one session. It holds the entries as they are in the database; what `append`
 * has fulfilled survives the end of the process. `lost` is aborted when the right is gone.
 */
export class SessionLease implements AsyncDisposable {
  readonly sessionId: string;
  readonly damaged: DamagedEntry[] = [];
  readonly #entries: SessionEntry[] = [];
  readonly #storage: Storage<SessionTables>;
  readonly #now: () => number;
  readonly #token: string;
  readonly #lost = new AbortController();
  readonly #timer: Timer;
  #lastSeq = 0;
  #bytes = 0;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: LeaseOptions, token: string) {
    this.sessionId = options.sessionId;
    this.#storage = options.storage;
    this.#now = options.now;
    this.#token = token;
    this.#timer = setInterval(() => void this.#renew(), renewMs);
    this.#timer.unref();
  }

  get entries(): readonly SessionEntry[] {
    return this.#entries;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Reads what the session has; called once, before anything is added. */
  async load(): Promise<void> {
    const { entries, damaged } = await readEntries(this.#storage.db, this.sessionId);
    this.#entries.push(...entries);
    this.damaged.push(...damaged);
    const row = await this.#storage.db
      .selectFrom('assistant_sessions')
      .select('bytes')
      .where('id', '=', this.sessionId)
      .executeTakeFirstOrThrow();
    this.#bytes = row.bytes;
    for (const { seq } of [...entries, ...damaged]) this.#lastSeq = Math.max(this.#lastSeq, seq);
  }

  /**
   * Writes entries at the end, all or none, one call after the other. A busy database is asked again
   * for about a second. Throws `aborted` when another process has taken the session over,
   * `resource_exhausted` when it is full, and what `Storage` throws.
   */
  async append(...data: readonly EntryData[]): Promise<SessionEntry[]> {
    const turn = this.#queue.then(() => this.#append(data));
    this.#queue = turn.catch(() => {});
    return turn;
  }

  /** Ends after what was begun. A database that is gone for good does not hold it up. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#queue;
    await this.#write(async (transaction) => {
      await transaction.deleteFrom('assistant_leases').where('token', '=', this.#token).execute();
    }).catch(() => {});
  }

  async #append(data: readonly EntryData[]): Promise<SessionEntry[]> {
    const atMs = this.#now();
    const limited = data.map(limitEntry);
    const texts = limited.map((each) => JSON.stringify(each));
    const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    if (this.#bytes + bytes > maxSessionBytes) throw isFull(this.sessionId);
    const added = limited.map((each, index) => ({
      seq: this.#lastSeq + 1 + index,
      atMs,
      data: each,
    }));
    await this.#write(async (transaction) => {
      await this.#renewIn(transaction, atMs);
      const rows = added.map(({ seq }, index) => [this.sessionId, seq, atMs, texts[index] ?? '']);
      const columns = ['session_id', 'seq', 'at_ms', 'data'];
      await this.#storage.insertMany('assistant_entries', columns, rows, transaction);
      await this.#count(transaction, limited, bytes, atMs);
    });
    this.#entries.push(...added);
    this.#lastSeq += added.length;
    this.#bytes += bytes;
    return added;
  }

  async #write(work: (transaction: Transaction<SessionTables>) => Promise<void>): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#storage.db.transaction().execute(work);
      } catch (error) {
        const { retryable } = RpcError.from(error);
        if (!retryable || tries === maxWrites) throw error;
      }
      await Bun.sleep(firstWaitMs * 2 ** (tries - 1));
    }
  }

  async #renewIn(transaction: Transaction<SessionTables>, atMs: number): Promise<void> {
    const { numUpdatedRows } = await transaction
      .updateTable('assistant_leases')
      .set({ renewed_at_ms: atMs })
      .where('token', '=', this.#token)
      .executeTakeFirst();
    if (numUpdatedRows === 1n) return;
    const error = new RpcError(
      'aborted',
      `session ${this.sessionId} was taken over by another process: this run cannot go on`,
    );
    this.#lost.abort(error);
    throw error;
  }

  async #count(
    transaction: Transaction<SessionTables>,
    added: readonly EntryData[],
    bytes: number,
    atMs: number,
  ): Promise<void> {
    const sums = usageOf(added);
    const plus = (column: string, count: number) => sql<number>`${sql.ref(column)} + ${count}`;
    const firstWords = added.find((data) => data.kind === 'user' && data.origin === 'user');
    await transaction
      .updateTable('assistant_sessions')
      .set({
        updated_at_ms: atMs,
        entries: plus('entries', added.length),
        bytes: plus('bytes', bytes),
        ...(sums.steps > 0 && {
          steps: plus('steps', sums.steps),
          input_tokens: plus('input_tokens', sums.input),
          output_tokens: plus('output_tokens', sums.output),
          cached_input_tokens: plus('cached_input_tokens', sums.cached),
        }),
        ...(sums.cost !== undefined && {
          cost_micro_usd: sql<number>`coalesce(cost_micro_usd, 0) + ${sums.cost}`,
        }),
        ...(firstWords?.kind === 'user' && {
          title: sql<string>`case when title = '' then ${titleOf(firstWords.text)} else title end`,
        }),
      })
      .where('id', '=', this.sessionId)
      .execute();
  }

  async #renew(): Promise<void> {
    // A database that is gone for a while is told by the next write.
    await this.#storage.db
      .transaction()
      .execute((transaction) => this.#renewIn(transaction, this.#now()))
      .catch(() => {});
  }
}

function usageOf(added: readonly EntryData[]): {
  steps: number;
  input: number;
  output: number;
  cached: number;
  cost: number | undefined;
} {
  const sums = { steps: 0, input: 0, output: 0, cached: 0, cost: undefined as number | undefined };
  for (const data of added) {
    if (data.kind !== 'answer' && data.kind !== 'compaction') continue;
    if (data.kind === 'answer') sums.steps += 1;
    sums.input += data.usage?.inputTokens ?? 0;
    sums.output += data.usage?.outputTokens ?? 0;
    sums.cached += data.usage?.cachedInputTokens ?? 0;
    const cost = data.kind === 'answer' ? data.costMicroUsd : data.usage?.costMicroUsd;
    if (cost !== undefined) sums.cost = (sums.cost ?? 0) + cost;
  }
  return sums;
}

async function holderOf(
  transaction: Transaction<SessionTables>,
  sessionId: string,
): Promise<LeaseRow | undefined> {
  return transaction
    .selectFrom('assistant_leases')
    .selectAll()
    .where('session_id', '=', sessionId)
    .executeTakeFirst();
}

/** Its process has ended; or it is on another machine and has been silent. */
function isLeft(holder: LeaseRow, nowMs: number): boolean {
  return !(isAlive(holder) ?? nowMs - holder.renewed_at_ms < staleMs);
}

function isRunning(sessionId: string, holder: LeaseRow | undefined): RpcError {
  const where = holder === undefined ? 'another process' : `process ${holder.pid}`;
  return new RpcError(
    'failed_precondition',
    `session ${sessionId} is being run by ${where}: wait for its end, cancel it there, or fork the session`,
  );
}

function isFull(sessionId: string): RpcError {
  return new RpcError(
    'resource_exhausted',
    `session ${sessionId} holds ${maxSessionBytes / 1024 / 1024} MiB, which is all that one may: begin a new session, or fork this one from an earlier message`,
  );
}
