import { columnTypes, type ShortMigration, type StorageKind } from '@zeke/foundation';
import { type Kysely, sql } from 'kysely';

/** The groups of a line of usage; an empty text stands for none. */
const groups = ['provider', 'model', 'key_id', 'owner', 'org_id', 'team_id', 'user_id'] as const;

const sums = [
  'calls',
  'refused',
  'cached',
  'failed',
  'canceled',
  'input_tokens',
  'output_tokens',
  'cached_input_tokens',
  'reasoning_tokens',
  'cost_micro_usd',
  'unpriced',
  'estimated',
] as const;

/**
 * The ledger and the audit log by days: partitions on PostgreSQL, where the rows so far wait in
 * `…_old` for `days-moved`; sums of the ledger by hour; what tells a batch that was written already;
 * where the audit log was cut.
 */
export const days: Omit<ShortMigration, 'number'> = {
  name: 'days',
  up: async (db, kind) => {
    if (kind === 'postgres') {
      await partByDay(db, 'gateway_ledger', ['at_ms', 'id'], ['request_id']);
      await sql`alter sequence gateway_ledger_id_seq owned by gateway_ledger.id`.execute(db);
      await partByDay(db, 'gateway_audit', ['seq', 'at_ms'], ['at_ms', 'request_id']);
    }
    await createUsage(db, kind);
    await createState(db, kind);
    await allowCuts(db, kind);
  },
};

async function partByDay(
  db: Kysely<unknown>,
  table: string,
  key: readonly string[],
  indexed: readonly string[],
): Promise<void> {
  const old = `${table}_old`;
  await sql`alter table ${sql.ref(table)} rename to ${sql.ref(old)}`.execute(db);
  const { rows } = await sql<{ name: string }>`
    select relname as name from pg_index join pg_class on pg_class.oid = indexrelid
    where indrelid = to_regclass(${old})`.execute(db);
  for (const { name } of rows) {
    await sql`alter index ${sql.ref(name)} rename to ${sql.ref(`old_${name}`)}`.execute(db);
  }
  await sql`create table ${sql.ref(table)} (like ${sql.ref(old)} including defaults)
    partition by range (at_ms)`.execute(db);
  const columns = sql.join(key.map((column) => sql.ref(column)));
  await sql`alter table ${sql.ref(table)} add primary key (${columns})`.execute(db);
  for (const column of indexed) {
    await db.schema.createIndex(`${table}_${column}`).on(table).column(column).execute();
  }
}

async function createUsage(db: Kysely<unknown>, kind: StorageKind): Promise<void> {
  const { int64 } = columnTypes(kind);
  let table = db.schema
    .createTable('gateway_usage')
    .addColumn('hour', int64, (column) => column.notNull());
  for (const name of groups) table = table.addColumn(name, 'text', (column) => column.notNull());
  for (const name of sums) table = table.addColumn(name, int64, (column) => column.notNull());
  table = table.addPrimaryKeyConstraint('gateway_usage_key', ['hour', ...groups] as never);
  await (kind === 'sqlite' ? table.modifyEnd(sql`without rowid`) : table).execute();
}

async function createState(db: Kysely<unknown>, kind: StorageKind): Promise<void> {
  const { int64 } = columnTypes(kind);
  await db.schema
    .createTable('gateway_state')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('value', int64, (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('gateway_writers')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('batch', int64, (column) => column.notNull())
    .addColumn('at_ms', int64, (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('gateway_audit_checkpoints')
    .addColumn('seq', int64, (column) => column.primaryKey())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addColumn('at_ms', int64, (column) => column.notNull())
    .execute();
}

/** What is said when somebody tries to change the audit log. */
const appendOnly = 'the audit log is append-only';

/** Of the audit log only what a checkpoint covers may go; checkpoints stay as they are. */
async function allowCuts(db: Kysely<unknown>, kind: StorageKind): Promise<void> {
  if (kind === 'sqlite') {
    await sql`drop trigger gateway_audit_no_delete`.execute(db);
    await sql`create trigger gateway_audit_no_delete before delete on gateway_audit
      when old.seq > coalesce((select max(seq) from gateway_audit_checkpoints), 0)
      begin select raise(abort, ${sql.lit(appendOnly)}); end`.execute(db);
    for (const change of ['update', 'delete']) {
      await sql`create trigger ${sql.ref(`gateway_audit_checkpoints_no_${change}`)}
        before ${sql.raw(change)} on gateway_audit_checkpoints
        begin select raise(abort, ${sql.lit(appendOnly)}); end`.execute(db);
    }
    return;
  }
  await sql`create function gateway_audit_refuse_row() returns trigger language plpgsql as
    ${sql.lit(`begin
      if tg_op = 'DELETE' then
        if old.seq <= (select coalesce(max(seq), 0) from gateway_audit_checkpoints) then
          return old;
        end if;
      end if;
      raise exception '${appendOnly}';
    end`)}`.execute(db);
  // For each row, because partitions have such a trigger, too, and one for each statement not.
  await sql`create trigger gateway_audit_append_only before update or delete on gateway_audit
    for each row execute function gateway_audit_refuse_row()`.execute(db);
  await sql`create trigger gateway_audit_no_truncate before truncate on gateway_audit
    for each statement execute function gateway_audit_refuse()`.execute(db);
  await sql`create trigger gateway_audit_checkpoints_append_only
    before update or delete or truncate on gateway_audit_checkpoints
    for each statement execute function gateway_audit_refuse()`.execute(db);
}
