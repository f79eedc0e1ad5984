import type { Storage } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import type { Selectable } from 'kysely';
import type { AgentUsage } from '../agent/agent-event.ts';
import type { Project } from '../project/project.ts';
import { foldEntries } from './fold-entries.ts';
import { isAlive } from './process-identity.ts';
import { readEntries } from './read-entries.ts';
import type { SessionEntry } from './session-entry.ts';
import { acquireLease, type SessionLease } from './session-lease.ts';
import type { LeaseRow, SessionRow, SessionTables } from './tables.ts';
import { titleOf } from './title-of.ts';

/** How many sessions one `list` gives at most. */
const maxListed = 1_000;

export interface SessionStoreOptions {
  /** After `migrate([sessionMigrations])`. */
  readonly storage: Storage<SessionTables>;
  readonly now: () => number;
}

export interface NewSession {
  readonly project: Project;
  /** Absolute: a folder of the project. */
  readonly cwd: string;
  readonly agent: string;
  readonly model: string;
  /** Of the session whose call this one serves. */
  readonly parent?: { readonly sessionId: string; readonly callId: string };
  /** Default: the first words of the first message. */
  readonly title?: string;
}

export interface SessionInfo {
  readonly id: string;
  readonly title: string;
  readonly agent: string;
  readonly model: string;
  readonly project: Project;
  readonly cwd: string;
  readonly parent?: { readonly sessionId: string; readonly callId: string };
  readonly forkedFrom?: { readonly sessionId: string; readonly seq: number };
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly entryCount: number;
  readonly sizeBytes: number;
  readonly usage: AgentUsage;
  /** A process runs it at this moment. */
  readonly isRunning: boolean;
}

/** A session with all that is known of it. */
export interface Session {
  readonly info: SessionInfo;
  readonly entries: readonly SessionEntry[];
  /** Rows that cannot be read; what they said is lost, the rest is as it was. */
  readonly damaged: readonly DamagedEntry[];
}

export interface DamagedEntry {
  readonly seq: number;
  readonly reason: string;
}

export interface ListSessions {
  readonly projectRoot?: string;
  /** Sessions of subagents of this one; without it only those that people began. */
  readonly parentId?: string;
  /** Those of subagents, too. */
  readonly withChildren?: boolean;
  /** Default 50, at most 1,000. */
  readonly limit?: number;
  /** Only those that were last used before. */
  readonly beforeMs?: number;
}

/**
 * Sessions in the database: each an append-only record of what was said and done. Everything that
 * writes to one holds its lease (`acquire`). Errors are those of `Storage`, and `not_found`.
 */
export class SessionStore {
  readonly #storage: Storage<SessionTables>;
  readonly #now: () => number;

  constructor(options: SessionStoreOptions) {
    this.#storage = options.storage;
    this.#now = options.now;
  }

  async create(session: NewSession): Promise<SessionInfo> {
    const row = newRow(session, this.#now());
    await this.#storage.db.insertInto('assistant_sessions').values(row).execute();
    return infoOf(row, undefined);
  }

  /** The one last used first. */
  async list(options: ListSessions = {}): Promise<readonly SessionInfo[]> {
    const { projectRoot, parentId, withChildren, limit = 50, beforeMs } = options;
    let query = this.#storage.db
      .selectFrom('assistant_sessions')
      .selectAll()
      .orderBy('updated_at_ms', 'desc')
      .orderBy('id', 'desc')
      .limit(Math.min(limit, maxListed));
    if (parentId !== undefined) query = query.where('parent_id', '=', parentId);
    else if (withChildren !== true) query = query.where('parent_id', 'is', null);
    if (projectRoot !== undefined) query = query.where('project_root', '=', projectRoot);
    if (beforeMs !== undefined) query = query.where('updated_at_ms', '<', beforeMs);
    const rows = await query.execute();
    const leases = await this.#leases(rows.map(({ id }) => id));
    return rows.map((row) => infoOf(row, leases.get(row.id)));
  }

  /**
   * The session that people mean: by its id, or by first characters that no other one has; where `id` is
   * empty the one last used in the project. Throws `not_found`, and `invalid_argument` where several fit.
   */
  async find(id: string, projectRoot?: string): Promise<SessionInfo> {
    if (id === '') {
      const [last] = await this.list({
        limit: 1,
        ...(projectRoot !== undefined && { projectRoot }),
      });
      if (last !== undefined) return last;
      throw new RpcError('not_found', 'there is no session yet: `zeke agent "TASK"` begins one');
    }
    const rows = await this.#storage.db
      .selectFrom('assistant_sessions')
      .select('id')
      .where('id', '>=', id)
      .where('id', '<', `${id}\u{10ffff}`)
      .orderBy('id')
      .limit(2)
      .execute();
    const [first, second] = rows;
    if (second === undefined || first?.id === id) return this.info(first?.id ?? id);
    throw new RpcError(
      'invalid_argument',
      `several sessions begin with ${id}: give more of the id`,
    );
  }

  async info(id: string): Promise<SessionInfo> {
    const row = await this.#row(id);
    return infoOf(row, (await this.#leases([id])).get(id));
  }

  /** With its entries, those that were reverted too. */
  async get(id: string): Promise<Session> {
    const info = await this.info(id);
    return { info, ...(await readEntries(this.#storage.db, id)) };
  }

  /**
   * The right to write to a session, for one at a time over all processes on the database. Throws
   * `failed_precondition` while somebody else has it; that of a process that has ended is taken over.
   */
  async acquire(id: string): Promise<SessionLease> {
    await this.#row(id);
    return acquireLease({ storage: this.#storage, now: this.#now, sessionId: id });
  }

  /**
   * A new session that begins as this one did, up to and with entry `seq`; default: with all of it.
   * The original is only read, so it may be running. Throws `invalid_argument` for an entry that it
   * does not have, or that was reverted.
   */
  async fork(id: string, seq?: number): Promise<SessionInfo> {
    const { info, entries } = await this.get(id);
    const { active } = foldEntries(entries);
    const last = seq ?? active.at(-1)?.seq ?? 0;
    if (seq !== undefined && !active.some((entry) => entry.seq === seq)) {
      throw noEntry(id, seq);
    }
    const kept = active.filter((entry) => entry.seq <= last);
    const texts = kept.map(({ data }) => JSON.stringify(data));
    const row: SessionRow = {
      ...newRow(info, this.#now()),
      title: info.title,
      forked_from: id,
      forked_at_seq: last,
      entries: kept.length,
      bytes: texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0),
    };
    await this.#storage.db.transaction().execute(async (transaction) => {
      await transaction.insertInto('assistant_sessions').values(row).execute();
      const rows = kept.map(({ seq, atMs }, index) => [row.id, seq, atMs, texts[index] ?? '']);
      await this.#storage.insertMany(
        'assistant_entries',
        ['session_id', 'seq', 'at_ms', 'data'],
        rows,
        transaction,
      );
    });
    return infoOf(row, undefined);
  }

  async rename(id: string, title: string): Promise<void> {
    await this.#row(id);
    await this.#storage.db
      .updateTable('assistant_sessions')
      .set({ title: titleOf(title) })
      .where('id', '=', id)
      .execute();
  }

  /** With the sessions of its subagents. Throws `failed_precondition` while it runs. */
  async delete(id: string): Promise<void> {
    await using _lease = await this.acquire(id);
    for (const child of await this.list({ parentId: id, limit: maxListed })) {
      await this.delete(child.id);
    }
    await this.#remove([id]);
  }

  /** Deletes sessions last used before then, but for those that run. Says how many. */
  async sweep(beforeMs: number): Promise<number> {
    const rows = await this.#storage.db
      .selectFrom('assistant_sessions')
      .select('id')
      .where('updated_at_ms', '<', beforeMs)
      .limit(maxListed)
      .execute();
    const leases = await this.#leases(rows.map(({ id }) => id));
    const ids = rows.map(({ id }) => id).filter((id) => !isHeld(leases.get(id)));
    await this.#remove(ids);
    return ids.length;
  }

  async #remove(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await this.#storage.db.transaction().execute(async (transaction) => {
      for (const table of ['assistant_entries', 'assistant_leases'] as const) {
        await transaction.deleteFrom(table).where('session_id', 'in', ids).execute();
      }
      await transaction.deleteFrom('assistant_sessions').where('id', 'in', ids).execute();
    });
  }

  async #row(id: string): Promise<Selectable<SessionRow>> {
    const row = await this.#storage.db
      .selectFrom('assistant_sessions')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    if (row !== undefined) return row;
    throw new RpcError('not_found', `there is no session ${id}: \`zeke sessions\` lists them`);
  }

  async #leases(ids: readonly string[]): Promise<Map<string, LeaseRow>> {
    if (ids.length === 0) return new Map();
    const rows = await this.#storage.db
      .selectFrom('assistant_leases')
      .selectAll()
      .where('session_id', 'in', ids)
      .execute();
    return new Map(rows.map((row) => [row.session_id, row]));
  }
}

/** There is no such entry to go back to. */
export function noEntry(sessionId: string, seq: number): RpcError {
  return new RpcError(
    'invalid_argument',
    `session ${sessionId} has no entry ${seq}, or it was reverted: export the session to see its entries`,
  );
}

function isHeld(lease: LeaseRow | undefined): boolean {
  return lease !== undefined && isAlive(lease) !== false;
}

function newRow(session: NewSession, nowMs: number): SessionRow {
  return {
    id: Bun.randomUUIDv7(),
    parent_id: session.parent?.sessionId ?? null,
    parent_call_id: session.parent?.callId ?? null,
    forked_from: null,
    forked_at_seq: null,
    agent: session.agent,
    title: session.title === undefined ? '' : titleOf(session.title),
    project_root: session.project.root,
    project_name: session.project.name,
    cwd: session.cwd,
    model: session.model,
    created_at_ms: nowMs,
    updated_at_ms: nowMs,
    entries: 0,
    bytes: 0,
    steps: 0,
    input_tokens: 0,
    output_tokens: 0,
    cached_input_tokens: 0,
    cost_micro_usd: null,
  };
}

function infoOf(row: SessionRow, lease: LeaseRow | undefined): SessionInfo {
  const { parent_id, parent_call_id, forked_from, forked_at_seq } = row;
  return {
    id: row.id,
    title: row.title,
    agent: row.agent,
    model: row.model,
    project: { root: row.project_root, name: row.project_name },
    cwd: row.cwd,
    ...(parent_id !== null && { parent: { sessionId: parent_id, callId: parent_call_id ?? '' } }),
    ...(forked_from !== null && {
      forkedFrom: { sessionId: forked_from, seq: forked_at_seq ?? 0 },
    }),
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
    entryCount: row.entries,
    sizeBytes: row.bytes,
    usage: {
      steps: row.steps,
      inputTokens: row.input_tokens,
      outputTokens: row.output_tokens,
      cachedInputTokens: row.cached_input_tokens,
      ...(row.cost_micro_usd !== null && { costMicroUsd: row.cost_micro_usd }),
    },
    isRunning: isHeld(lease),
  };
}
