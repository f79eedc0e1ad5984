import { type Kysely, sql } from 'kysely';

/** A day in milliseconds. */
const dayMs = 86_400_000;
/** The lock of PostgreSQL under which one process at a time makes partitions. */
const partitionLock = 0x7a656b6550;
/** A partition is dropped when nobody reads it, or another time: who writes waits meanwhile. */
const dropLockTimeout = '3s';

/**
 * Makes the partition of one day (days since the epoch, UTC) of a table of PostgreSQL that is parted
 * by ranges of `at_ms`, in milliseconds. False when it was there already. Writers are not held up: the
 * table is made first and attached then. Call it in a transaction, of which others see all or nothing.
 */
export async function createDayPartition(
  db: Kysely<unknown>,
  table: string,
  day: number,
): Promise<boolean> {
  const name = partitionName(table, day);
  await sql`select pg_advisory_xact_lock(${sql.lit(partitionLock)})`.execute(db);
  const { rows } = await sql<{ found: number }>`
    select count(to_regclass(${`"${name}"`})) as found`.execute(db);
  if (rows[0]?.found !== 0) return false;
  const [from, to] = [sql.lit(day * dayMs), sql.lit((day + 1) * dayMs)];
  await sql`create table ${sql.ref(name)} (like ${sql.ref(table)} including defaults)`.execute(db);
  await sql`alter table ${sql.ref(table)} attach partition ${sql.ref(name)}
    for values from (${from}) to (${to})`.execute(db);
  return true;
}

/** The days that have a partition, the first one first. */
export async function listDayPartitions(db: Kysely<unknown>, table: string): Promise<number[]> {
  const { rows } = await sql<{ name: string }>`
    select child.relname as name from pg_inherits
    join pg_class child on child.oid = inhrelid
    where inhparent = to_regclass(${`"${table}"`})`.execute(db);
  return rows
    .map(({ name }) => dayOf(table, name))
    .filter((day) => day !== undefined)
    .sort((a, b) => a - b);
}

/**
 * Drops the partition of one day with all its rows. Call it in a transaction. Throws `unavailable`,
 * retryable, when somebody uses the table for longer than 3 seconds.
 */
export async function dropDayPartition(
  db: Kysely<unknown>,
  table: string,
  day: number,
): Promise<void> {
  await sql`set local lock_timeout = ${sql.lit(dropLockTimeout)}`.execute(db);
  await sql`drop table if exists ${sql.ref(partitionName(table, day))}`.execute(db);
}

/** `gateway_ledger_20261122`. */
export function partitionName(table: string, day: number): string {
  const date = new Date(day * dayMs).toISOString().slice(0, 10).replaceAll('-', '');
  return `${table}_${date}`;
}

function dayOf(table: string, name: string): number | undefined {
  const date = name.startsWith(`${table}_`) ? name.slice(table.length + 1) : '';
  const [, year, month, day] = /^(\d{4})(\d\d)(\d\d)$/.exec(date) ?? [];
  return year === undefined
    ? undefined
    : Date.UTC(Number(year), Number(month) - 1, Number(day)) / dayMs;
}
