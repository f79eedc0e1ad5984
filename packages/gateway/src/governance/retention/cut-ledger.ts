import { setImmediate } from 'node:timers/promises';
import { dropDayPartition, listDayPartitions, type Storage } from '@zeke/foundation';
import { sql } from 'kysely';
import { dayMs } from '../budgets/windows.ts';
import type { GatewayTables } from '../tables.ts';
import { ledgerRowsFrom } from '../usage-report.ts';
import { hourMs } from '../usage-sums.ts';

/** Rows that SQLite deletes at once, in which nothing else runs. */
const batchRows = 500;

/**
 * Removes the ledger's rows before a day (days since the epoch): partitions on PostgreSQL, batches with
 * room for others in between on SQLite. Reports are told first that rows are missing from there on, and
 * read the sums.
 */
export async function cutLedger(storage: Storage<GatewayTables>, beforeDay: number): Promise<void> {
  const beforeMs = beforeDay * dayMs;
  await sql`insert into gateway_state (name, value) values (${ledgerRowsFrom}, ${beforeMs})
    on conflict (name) do update set value = excluded.value
    where gateway_state.value < excluded.value`.execute(storage.db);
  if (storage.kind === 'sqlite') {
    await deleteInBatches(storage, beforeMs);
    return;
  }
  const { db } = storage.as<unknown>();
  for (const day of await listDayPartitions(db, 'gateway_ledger')) {
    if (day >= beforeDay) return;
    await db.transaction().execute((within) => dropDayPartition(within, 'gateway_ledger', day));
  }
}

async function deleteInBatches({ db }: Storage<GatewayTables>, beforeMs: number): Promise<void> {
  for (;;) {
    const { numAffectedRows } = await sql`delete from gateway_ledger where id in
      (select id from gateway_ledger where at_ms < ${beforeMs} order by at_ms
       limit ${sql.lit(batchRows)})`.execute(db);
    if (Number(numAffectedRows ?? 0n) < batchRows) return;
    // Requests that came meanwhile go first.
    await setImmediate();
  }
}

/** The days that budgets read back, at the most: this month and the last. */
const budgetDays = 62;

/**
 * Removes sums by hour before a day, hour by hour, and what spenders spent before it, but for what
 * budgets need.
 */
export async function cutUsage(
  { db }: Storage<GatewayTables>,
  beforeDay: number,
  today: number,
): Promise<void> {
  const beforeHour = (beforeDay * dayMs) / hourMs;
  for (;;) {
    const { first } = await db
      .selectFrom('gateway_usage')
      .select(sql<number | null>`min(hour)`.as('first'))
      .executeTakeFirstOrThrow();
    if (first === null || first >= beforeHour) break;
    await db.deleteFrom('gateway_usage').where('hour', '=', first).execute();
    await setImmediate();
  }
  const spendFrom = Math.min(beforeDay, today - budgetDays);
  await db.deleteFrom('gateway_spend').where('day', '<', spendFrom).execute();
}

/** For so long a batch is known that may still be on the disk of a process that is no more. */
const writerDays = 400;

/** Forgets processes that have written nothing for more than a year. */
export async function cutWriters({ db }: Storage<GatewayTables>, nowMs: number): Promise<void> {
  await db
    .deleteFrom('gateway_writers')
    .where('at_ms', '<', nowMs - writerDays * dayMs)
    .execute();
}
