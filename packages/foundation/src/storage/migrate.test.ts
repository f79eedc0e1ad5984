import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { RpcError } from '@zeke/rpc';
import { type Kysely, sql } from 'kysely';
import { postgresDatabase, skipsWithout, temporaryDirectory } from '../testing/index.ts';
import { openStorage } from './open-storage.ts';
import type { Migration, MigrationSet, Storage, StorageKind } from './storage.ts';

function table(number: number, name: string): Migration {
  return {
    number,
    name,
    up: async (db: Kysely<unknown>) => {
      await db.schema.createTable(name).addColumn('n', 'integer').execute();
    },
  };
}

const first: MigrationSet = { owner: 'first', migrations: [table(1, 'one'), table(2, 'two')] };
const second: MigrationSet = { owner: 'second', migrations: [table(1, 'three')] };

async function database(kind: StorageKind): Promise<AsyncDisposable & { url: string }> {
  if (kind === 'postgres') return postgresDatabase();
  const directory = await temporaryDirectory();
  return {
    url: `sqlite:${join(directory.path, 'zeke.db')}`,
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

async function tablesOf(storage: Storage<unknown>): Promise<string[]> {
  const tables = await storage.db.introspection.getTables();
  return tables.map(({ name }) => name).sort();
}

async function failureOf(work: Promise<unknown>): Promise<RpcError> {
  const error = await work.then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(RpcError);
  return error as RpcError;
}

for (const kind of ['sqlite', 'postgres'] as const) {
  const skip = kind === 'postgres' && skipsWithout('postgresql');
  describe.skipIf(skip)(`migrations on ${kind}`, () => {
    test('run once each, in order, and only what is new', async () => {
      await using fixture = await database(kind);
      await using storage = await openStorage(fixture.url);
      const earlier = { owner: 'first', migrations: first.migrations.slice(0, 1) };
      await storage.migrate([earlier]);
      expect(await tablesOf(storage)).toEqual(['one', 'zeke_migrations']);
      await storage.migrate([first, second]);
      await storage.migrate([first, second]);
      expect(await tablesOf(storage)).toEqual(['one', 'three', 'two', 'zeke_migrations']);
      const { rows } = await sql<{ step: string }>`
        select owner || number as step from zeke_migrations order by applied_at_ms, owner, number
      `.execute(storage.db);
      expect(rows.map(({ step }) => step)).toEqual(['first1', 'first2', 'second1']);
    });

    test('run once when several processes start together', async () => {
      await using fixture = await database(kind);
      await using left = await openStorage(fixture.url);
      await using right = await openStorage(fixture.url);
      // SQLite waits for a lock by holding up the thread, so there the other one is a process.
      const other =
        kind === 'postgres' ? right.migrate([first, second]) : migrateElsewhere(fixture.url);
      await Promise.all([left.migrate([first, second]), other]);
      expect(await tablesOf(right)).toEqual(['one', 'three', 'two', 'zeke_migrations']);
    });

    test('change nothing when one of them fails', async () => {
      await using fixture = await database(kind);
      await using storage = await openStorage(fixture.url);
      const broken: Migration = {
        number: 3,
        name: 'broken',
        up: async (db) => {
          await sql`create table half (n integer)`.execute(db);
          await sql`insert into nowhere values (1)`.execute(db);
        },
      };
      const set = { owner: 'first', migrations: [...first.migrations, broken] };
      const error = await failureOf(storage.migrate([set]));
      expect(error.message).toContain('migration first 3 (broken) failed');
      expect(await tablesOf(storage)).toEqual([]);
      await storage.migrate([first]);
      expect(await tablesOf(storage)).toContain('two');
    });

    test('are refused when the database is newer, or of another program', async () => {
      await using fixture = await database(kind);
      await using storage = await openStorage(fixture.url);
      await storage.migrate([first]);
      const older = { owner: 'first', migrations: first.migrations.slice(0, 1) };
      const newer = await failureOf(storage.migrate([older]));
      expect(newer.code).toBe('failed_precondition');
      expect(newer.message).toContain('newer than this program: it has migration first 2 (two)');
      const renamed = { owner: 'first', migrations: [table(1, 'one'), table(2, 'other')] };
      expect((await failureOf(storage.migrate([renamed]))).message).toContain('"other"');
    });

    test('a long one goes on where it was cut, and what comes after waits for its end', async () => {
      await using fixture = await database(kind);
      await using storage = await openStorage(fixture.url);
      let failsAt = 3;
      const told: string[] = [];
      const long: Migration = {
        number: 3,
        name: 'long',
        step: async (db) => {
          const { rows } = await sql<{ n: number }>`select count(*) as n from one`.execute(db);
          const doneRows = Number(rows[0]?.n) + 1;
          await sql`insert into one values (${doneRows})`.execute(db);
          if (doneRows === failsAt) throw new Error('cut');
          return { doneRows, totalRows: 4, isDone: doneRows === 4 };
        },
      };
      const set = {
        owner: 'first',
        migrations: [...first.migrations, long, table(4, 'four')],
      };
      const report = (title: string, { doneRows }: { doneRows: number }) =>
        void told.push(`${title} ${doneRows}`);
      const error = await failureOf(storage.migrate([set], report));
      expect(error.message).toContain('migration first 3 (long) failed on its way');
      expect(error.message).toContain('start again');
      expect(await tablesOf(storage)).toEqual(['one', 'two', 'zeke_migrations']);
      failsAt = 0;
      await storage.migrate([set], report);
      expect(told).toEqual([1, 2, 3, 4].map((done) => `first 3 long ${done}`));
      const { rows } = await sql<{ n: number }>`select n from one order by n`.execute(storage.db);
      expect(rows.map(({ n }) => n)).toEqual([1, 2, 3, 4]);
      expect(await tablesOf(storage)).toContain('four');
      await storage.migrate([set], report);
      expect(told).toHaveLength(4);
    });

    test('must be numbered without gaps and have one owner', async () => {
      await using fixture = await database(kind);
      await using storage = await openStorage(fixture.url);
      const gap = { owner: 'gap', migrations: [table(1, 'one'), table(3, 'three')] };
      await expect(storage.migrate([gap])).rejects.toThrow('migration gap 3 three stands where 2');
      await expect(storage.migrate([first, first])).rejects.toThrow('owned by first');
    });

    test('change tables under statements that are prepared already', async () => {
      await using fixture = await database(kind);
      await using storage = await openStorage<{ one: { n: number } }>(fixture.url);
      await storage.migrate([{ owner: 'first', migrations: [table(1, 'one')] }]);
      await storage.insertMany('one', ['n'], [[1]]);
      const read = () => storage.db.selectFrom('one').selectAll().execute();
      expect(await read()).toEqual([{ n: 1 }]);
      const wider: Migration = {
        number: 2,
        name: 'wider',
        up: async (db) => {
          await db.schema
            .alterTable('one')
            .addColumn('done', 'boolean', (column) => column.notNull().defaultTo(false))
            .execute();
        },
      };
      await using elsewhere = await openStorage(fixture.url);
      await elsewhere.migrate([{ owner: 'first', migrations: [table(1, 'one'), wider] }]);
      // A replica that was there before: its first read may be told to try again, not more.
      const rows = await read().catch((error: RpcError) => {
        expect([error.code, error.retryable]).toEqual(['aborted', true]);
        return read();
      });
      expect(rows).toEqual([{ n: 1, done: false }] as never);
    });
  });
}

async function migrateElsewhere(url: string): Promise<void> {
  const program = `
    const { openStorage } = await import(${JSON.stringify(join(import.meta.dir, 'open-storage.ts'))});
    const storage = await openStorage(${JSON.stringify(url)});
    const table = (number, name) => ({
      number,
      name,
      up: async (db) => { await db.schema.createTable(name).addColumn('n', 'integer').execute(); },
    });
    await storage.migrate([
      { owner: 'first', migrations: [table(1, 'one'), table(2, 'two')] },
      { owner: 'second', migrations: [table(1, 'three')] },
    ]);
    await storage.close();
  `;
  const child = Bun.spawn([process.execPath, '-e', program], {
    cwd: import.meta.dir,
    stderr: 'pipe',
  });
  const stderr = await new Response(child.stderr).text();
  expect([await child.exited, stderr]).toEqual([0, '']);
}
