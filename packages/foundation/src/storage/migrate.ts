import { RpcError } from '@zeke/rpc';
import { type Kysely, sql } from 'kysely';
import type {
  LongMigration,
  Migration,
  MigrationProgress,
  MigrationReport,
  MigrationSet,
  ShortMigration,
  Storage,
  StorageKind,
} from './storage.ts';

/** Any number that other programs in the same PostgreSQL database do not lock. */
const postgresLockKey = 0x7a656b65;

interface AppliedMigration {
  owner: string;
  number: number;
  name: string;
  applied_at_ms: number;
}

interface MigrationTables {
  zeke_migrations: AppliedMigration;
}

interface PendingMigration {
  readonly owner: string;
  readonly migration: Migration;
}

/** The work behind `Storage.migrate`, whose comment has the contract. */
export async function migrate(
  storage: Pick<Storage<unknown>, 'db' | 'kind'>,
  sets: readonly MigrationSet[],
  report: MigrationReport = () => {},
): Promise<void> {
  assertWellFormed(sets);
  const { kind } = storage;
  const db = storage.db as Kysely<MigrationTables>;
  if (pendingOf(sets, await readApplied(db, kind)).length === 0) return;
  for (;;) {
    const took = await db.transaction().execute(async (transaction) => {
      if (kind === 'postgres') {
        await sql`select pg_advisory_xact_lock(${postgresLockKey})`.execute(transaction);
      }
      await createTable(transaction);
      return await advance(
        transaction,
        kind,
        pendingOf(sets, await readApplied(transaction, kind)),
      );
    });
    if (took === 'nothing') return;
    if (took !== 'short') report(took.title, took.progress);
  }
}

/** A step of a long migration that was taken, or what else there was to do. */
type Advance = 'nothing' | 'short' | { title: string; progress: MigrationProgress };

/** Runs the short ones that come next, or one step of a long one. */
async function advance(
  db: Kysely<MigrationTables>,
  kind: StorageKind,
  pending: readonly PendingMigration[],
): Promise<Advance> {
  const [first] = pending;
  if (first === undefined) return 'nothing';
  if ('step' in first.migration) {
    const { name, number } = first.migration;
    const progress = await takeStep(db, kind, first.owner, first.migration);
    return { title: `${first.owner} ${number} ${name}`, progress };
  }
  for (const { owner, migration } of pending) {
    if ('step' in migration) break;
    await apply(db, kind, owner, migration);
  }
  return 'short';
}

/** A mistake in a set is the programmer's, so it throws before the database is touched. */
function assertWellFormed(sets: readonly MigrationSet[]): void {
  const owners = new Set<string>();
  for (const { owner, migrations } of sets) {
    if (owners.has(owner)) throw new Error(`two migration sets are owned by ${owner}`);
    owners.add(owner);
    for (const [index, { number, name }] of migrations.entries()) {
      if (number === index + 1) continue;
      throw new Error(`migration ${owner} ${number} ${name} stands where ${index + 1} belongs`);
    }
  }
}

async function readApplied(
  db: Kysely<MigrationTables>,
  kind: StorageKind,
): Promise<AppliedMigration[]> {
  const query =
    kind === 'postgres'
      ? sql<{ found: number }>`select count(to_regclass('zeke_migrations')) as found`
      : sql<{ found: number }>`
          select count(*) as found from sqlite_schema where name = 'zeke_migrations'`;
  const { rows } = await query.execute(db);
  if (rows[0]?.found === 0) return [];
  return db.selectFrom('zeke_migrations').selectAll().execute();
}

/** What has not run, in order. Throws when the database knows a migration that the program does not. */
function pendingOf(
  sets: readonly MigrationSet[],
  applied: readonly AppliedMigration[],
): PendingMigration[] {
  const pending: PendingMigration[] = [];
  for (const { owner, migrations } of sets) {
    const done = applied.filter((row) => row.owner === owner);
    for (const row of done) assertKnown(row, migrations);
    const numbers = new Set(done.map((row) => row.number));
    for (const migration of migrations) {
      if (!numbers.has(migration.number)) pending.push({ owner, migration });
    }
  }
  return pending;
}

function assertKnown(row: AppliedMigration, migrations: readonly Migration[]): void {
  const known = migrations[row.number - 1];
  const step = `${row.owner} ${row.number} (${row.name})`;
  if (known === undefined) {
    throw new RpcError(
      'failed_precondition',
      `the database is newer than this program: it has migration ${step}; start a newer version, or restore a backup from before the upgrade`,
    );
  }
  if (known.name === row.name) return;
  throw new RpcError(
    'failed_precondition',
    `the database has migration ${step}, which this program knows as "${known.name}": they are not of the same program`,
  );
}

async function createTable(db: Kysely<MigrationTables>): Promise<void> {
  await db.schema
    .createTable('zeke_migrations')
    .ifNotExists()
    .addColumn('owner', 'text', (column) => column.notNull())
    .addColumn('number', 'integer', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('applied_at_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('zeke_migrations_key', ['owner', 'number'])
    .execute();
}

async function apply(
  db: Kysely<MigrationTables>,
  kind: StorageKind,
  owner: string,
  migration: ShortMigration,
): Promise<void> {
  try {
    await migration.up(db as unknown as Kysely<unknown>, kind);
  } catch (error) {
    throw failure(error, owner, migration, 'failed and nothing was changed');
  }
  await noteApplied(db, owner, migration);
}

async function takeStep(
  db: Kysely<MigrationTables>,
  kind: StorageKind,
  owner: string,
  migration: LongMigration,
): Promise<MigrationProgress> {
  let progress: MigrationProgress;
  try {
    progress = await migration.step(db as unknown as Kysely<unknown>, kind);
  } catch (error) {
    throw failure(
      error,
      owner,
      migration,
      'failed on its way; no row is lost, what is moved stays',
    );
  }
  if (progress.isDone) await noteApplied(db, owner, migration);
  return progress;
}

function failure(
  error: unknown,
  owner: string,
  { name, number }: Migration,
  what: string,
): RpcError {
  const reason = RpcError.from(error);
  return new RpcError(
    reason.code,
    `migration ${owner} ${number} (${name}) ${what}: ${reason.message}; put that right and start again, or go back to the version and the backup from before`,
    { cause: error, retryable: reason.retryable },
  );
}

async function noteApplied(
  db: Kysely<MigrationTables>,
  owner: string,
  { name, number }: Migration,
): Promise<void> {
  await db
    .insertInto('zeke_migrations')
    .values({ owner, number, name, applied_at_ms: Date.now() })
    .execute();
}
