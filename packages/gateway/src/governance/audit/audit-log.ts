import type { Logger, Spool, Storage } from '@zeke/foundation';
import { apiError } from '../../neutral/api-error.ts';
import { DayTable } from '../day-table.ts';
import type { AuditCheckpointTable, AuditTable, GatewayTables } from '../tables.ts';
import { type AuditEntry, type AuditEvent, entryOfRow, rowAfter } from './audit-entry.ts';
import { AuditSpool } from './audit-spool.ts';
import { withChain } from './with-chain.ts';

/** Entries that may wait to be written. */
const maxWaiting = 1_000;
/** Entries that are written in one transaction. */
const maxGroup = 100;

/** Which entries are asked for. */
export interface AuditQuery {
  /** At this time or later, in milliseconds since the epoch. */
  sinceMs?: number | undefined;
  /** A key's id, an owner, or a kind of actor. */
  actor?: string | undefined;
  action?: string | undefined;
  /** Beyond this entry, in the direction of the order. */
  after?: number | undefined;
  order: 'asc' | 'desc';
  limit: number;
  /** Also entries `begun` whose end is known. */
  all: boolean;
}

interface Waiting {
  event: AuditEvent;
  atMs: number;
  resolve(entry: AuditEntry): void;
  reject(reason: unknown): void;
}

export interface AuditLogOptions {
  storage: Storage<GatewayTables>;
  /** Milliseconds since the epoch. */
  now: () => number;
  log?: Logger;
  /** Where what nothing waits for is kept while the database does not take it. */
  spool?: Spool | undefined;
}

/**
 * The log of what was done: entries are added, each linked to the one before by its hash, and never
 * changed. Processes on one database write one chain.
 */
export class AuditLog {
  readonly #storage: Storage<GatewayTables>;
  readonly #now: () => number;
  readonly #days: DayTable;
  readonly #spool: AuditSpool | undefined;
  readonly #waiting: Waiting[] = [];
  #isWriting = false;

  constructor(options: AuditLogOptions) {
    this.#storage = options.storage;
    this.#now = options.now;
    this.#spool = options.spool && new AuditSpool({ ...options, spool: options.spool });
    this.#days = new DayTable(options.storage, 'gateway_audit');
  }

  /**
   * Resolves when the entry is in the database. Throws `unavailable` when it cannot be written, and
   * `resource_exhausted` when 1,000 wait.
   */
  append(event: AuditEvent): Promise<AuditEntry> {
    if (this.#waiting.length >= maxWaiting) {
      throw apiError(
        'resource_exhausted',
        `${maxWaiting} entries wait for the audit log already; try again when the database has caught up`,
      );
    }
    const { promise, resolve, reject } = Promise.withResolvers<AuditEntry>();
    this.#waiting.push({ event, atMs: this.#now(), resolve, reject });
    if (!this.#isWriting) void this.#writeAll();
    return promise;
  }

  /**
   * Puts on the log what has happened already, and nothing waits for: while the database does not take
   * it, it goes to the disk, and to the log after, with the time of now. Throws when neither takes it.
   */
  async note(event: AuditEvent): Promise<void> {
    const atMs = this.#now();
    try {
      await this.append(event);
    } catch (error) {
      if (!this.#spool) throw error;
      await this.#spool.keep(event, atMs);
      return;
    }
    await this.catchUp();
  }

  /** True while something waits on the disk. */
  get isBehind(): boolean {
    return this.#spool?.isEmpty === false;
  }

  /** Puts on the log what waits on the disk. Never rejects. */
  async catchUp(): Promise<void> {
    await this.#spool?.catchUp();
  }

  /** Entries in order of their numbers. */
  async list({ sinceMs, actor, action, after, order, limit, all }: AuditQuery) {
    let query = this.#storage.db.selectFrom('gateway_audit as a').selectAll('a');
    if (sinceMs !== undefined) query = query.where('a.at_ms', '>=', sinceMs);
    if (action !== undefined) query = query.where('a.action', '=', action);
    if (actor !== undefined) {
      query = query.where(({ eb, or }) =>
        or([eb('a.key_id', '=', actor), eb('a.owner', '=', actor), eb('a.actor', '=', actor)]),
      );
    }
    if (after !== undefined) query = query.where('a.seq', order === 'asc' ? '>' : '<', after);
    if (!all) {
      query = query.where(({ eb, or, not, exists, selectFrom }) =>
        or([
          eb('a.outcome', '<>', 'begun'),
          not(
            exists(
              selectFrom('gateway_audit as e')
                .select('e.seq')
                .whereRef('e.request_id', '=', 'a.request_id')
                .whereRef('e.seq', '>', 'a.seq'),
            ),
          ),
        ]),
      );
    }
    const rows = await query.orderBy('a.seq', order).limit(limit).execute();
    return rows.map(entryOfRow);
  }

  /** At most so many rows from that number on, as they are in the database. */
  async rowsFrom(seq: number, limit: number): Promise<AuditTable[]> {
    return await this.#storage.db
      .selectFrom('gateway_audit')
      .selectAll()
      .where('seq', '>=', seq)
      .orderBy('seq')
      .limit(limit)
      .execute();
  }

  /** Where the log was cut, the first time first. */
  async checkpoints(): Promise<AuditCheckpointTable[]> {
    return await this.#storage.db
      .selectFrom('gateway_audit_checkpoints')
      .selectAll()
      .orderBy('seq')
      .execute();
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, maxGroup);
      try {
        const rows = await this.#write(group);
        for (const [index, row] of rows.entries()) group[index]?.resolve(entryOfRow(row));
      } catch (cause) {
        this.#days.forget();
        const error = apiError(
          'unavailable',
          'the audit log cannot be written, and without it nothing is changed; try again when the database answers',
          { cause, retryable: true },
        );
        for (const { reject } of group) reject(error);
      }
    }
    this.#isWriting = false;
  }

  async #write(group: readonly Waiting[]): Promise<AuditTable[]> {
    await this.#days.ensure(group.map(({ atMs }) => atMs));
    return await withChain(this.#storage, async (within, before) => {
      let last = before;
      const rows: AuditTable[] = [];
      for (const { event, atMs } of group) {
        last = rowAfter(last, event, atMs);
        rows.push(last);
      }
      await within.insertInto('gateway_audit').values(rows).execute();
      return rows;
    });
  }
}
