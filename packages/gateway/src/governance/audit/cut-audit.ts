import { setImmediate } from 'node:timers/promises';
import { dropDayPartition, listDayPartitions, partitionName, type Storage } from '@zeke/foundation';
import { sql, type Transaction } from 'kysely';
import { dayMs } from '../budgets/windows.ts';
import { DayTable } from '../day-table.ts';
import type { AuditTable, GatewayTables } from '../tables.ts';
import { rowAfter } from './audit-entry.ts';
import { withChain } from './with-chain.ts';

/** Rows that are deleted at once; SQLite holds the thread meanwhile. */
const batchRows = 500;

/** The action under which a cut stands on the log itself. */
export const cutAction = 'audit.cut';

export interface CutOptions {
  storage: Storage<GatewayTables>;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Entries before this time go; the start of a day. */
  beforeMs: number;
}

/**
 * Removes the beginning of the audit log: all entries before the first that is of this time or later.
 * Before anything goes, the last of them is noted with its hash, as a checkpoint, which the database
 * does not let anybody change, and as an entry `audit.cut` at the chain's end; from there on the chain
 * can be verified without what is gone. Resolves with how many rows a new checkpoint covers. What a
 * process that died had left of an earlier cut goes, too.
 */
export async function cutAudit({ storage, now, beforeMs }: CutOptions): Promise<number> {
  await new DayTable(storage, 'gateway_audit').ensure([now()]);
  const covered = await withChain(storage, (within, last) =>
    noteCheckpoint(within, last, now(), beforeMs),
  );
  const checkpoint = await storage.db
    .selectFrom('gateway_audit_checkpoints')
    .select('seq')
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (checkpoint) await removeUpTo(storage, checkpoint.seq, beforeMs);
  return covered;
}

async function noteCheckpoint(
  db: Transaction<GatewayTables>,
  last: AuditTable | undefined,
  nowMs: number,
  beforeMs: number,
): Promise<number> {
  if (last === undefined) return 0;
  const oldest = await db
    .selectFrom('gateway_audit')
    .select(['seq', 'at_ms'])
    .orderBy('seq')
    .limit(1)
    .executeTakeFirst();
  if (!oldest || oldest.at_ms >= beforeMs) return 0;
  const { kept } = await db
    .selectFrom('gateway_audit')
    .select(sql<number | null>`min(seq)`.as('kept'))
    .where('at_ms', '>=', beforeMs)
    .executeTakeFirstOrThrow();
  const seq = (kept ?? last.seq + 1) - 1;
  const row = await db
    .selectFrom('gateway_audit')
    .select(['seq', 'hash'])
    .where('seq', '=', seq)
    .executeTakeFirst();
  const known = await db
    .selectFrom('gateway_audit_checkpoints')
    .select('seq')
    .where('seq', '>=', seq)
    .executeTakeFirst();
  // Where the row is missing the chain is broken: that is to be seen, not to be cut away.
  if (!row || known) return 0;
  await db
    .insertInto('gateway_audit_checkpoints')
    .values({ ...row, at_ms: nowMs })
    .execute();
  const entries = seq - oldest.seq + 1;
  const event = {
    actor: 'zeke',
    action: cutAction,
    objectKind: 'audit',
    outcome: 'ok',
    detail: { seq, hash: row.hash, entries, before: new Date(beforeMs).toISOString() },
  } as const;
  await db
    .insertInto('gateway_audit')
    .values(rowAfter(last, event, nowMs))
    .execute();
  return entries;
}

async function removeUpTo(
  storage: Storage<GatewayTables>,
  seq: number,
  beforeMs: number,
): Promise<void> {
  if (storage.kind === 'postgres') await dropWholeDays(storage.as<unknown>(), seq, beforeMs);
  for (;;) {
    const { rows } = await sql<{ seq: number }>`delete from gateway_audit where seq in
      (select seq from gateway_audit where seq <= ${seq} order by seq limit ${sql.lit(batchRows)})
      returning seq`.execute(storage.db);
    if (rows.length < batchRows) return;
    await setImmediate();
  }
}

/** A day goes as one table where none of its rows is needed any more. */
async function dropWholeDays(
  { db }: Storage<unknown>,
  seq: number,
  beforeMs: number,
): Promise<void> {
  const days = await listDayPartitions(db, 'gateway_audit');
  for (const day of days.filter((each) => (each + 1) * dayMs <= beforeMs)) {
    const { rows } = await sql<{ last: number | null }>`
      select max(seq) as last from ${sql.ref(partitionName('gateway_audit', day))}`.execute(db);
    if ((rows[0]?.last ?? 0) > seq) continue;
    await db.transaction().execute((within) => dropDayPartition(within, 'gateway_audit', day));
  }
}
