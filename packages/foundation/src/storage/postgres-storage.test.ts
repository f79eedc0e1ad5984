import { describe, expect, test } from 'bun:test';
import { RpcError } from '@zeke/rpc';
import { type Kysely, sql } from 'kysely';
import { postgresDatabase, skipsWithout, temporaryDirectory } from '../testing/index.ts';
import { openStorage } from './open-storage.ts';
import { fromPostgresError } from './postgres-errors.ts';

interface Tables {
  t: { n: number; label: string };
}

async function failureOf(work: Promise<unknown>): Promise<RpcError> {
  const error = await work.then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(RpcError);
  return error as RpcError;
}

describe.skipIf(skipsWithout('postgresql'))('PostgreSQL', () => {
  test('prepares a statement once a connection', async () => {
    await using database = await postgresDatabase();
    await using storage = await openStorage<Tables>(database.url, { maxConnections: 1 });
    for (let n = 0; n < 5; n += 1) await sql`select ${n}::int + 1`.execute(storage.db);
    const { rows } = await sql<{ count: number }>`
      select count(*) as count from pg_prepared_statements where statement like '%::int + 1'
    `.execute(storage.db);
    expect(rows).toEqual([{ count: 1 }]);
  });

  test('gives a statement up that takes too long, within a transaction, too, but no migration', async () => {
    await using database = await postgresDatabase();
    await using storage = await openStorage(database.url, {
      maxConnections: 1,
      statementTimeoutMs: 30,
    });
    const slow = sql`select pg_sleep(30)`;
    expect(await failureOf(slow.execute(storage.db))).toMatchObject({ code: 'unavailable' });
    const within = storage.db.transaction().execute((transaction) => slow.execute(transaction));
    expect(await failureOf(within)).toMatchObject({ code: 'unavailable', retryable: true });
    const { rows } = await sql<{ n: number }>`select 1 as n`.execute(storage.db);
    expect(rows).toEqual([{ n: 1 }]);
    const up = async (db: Kysely<unknown>) => {
      await sql`select pg_sleep(0.1)`.execute(db);
    };
    await storage.migrate([{ owner: 'slow', migrations: [{ number: 1, name: 'slow', up }] }]);
  });

  test('is unavailable when a connection is cut at work, and goes on with another', async () => {
    await using database = await postgresDatabase();
    await using storage = await openStorage(database.url);
    await using other = await openStorage(database.url);
    const cut = storage.db.transaction().execute(async (transaction) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(
        transaction,
      );
      await Promise.all([
        sql`select pg_sleep(30)`.execute(transaction),
        sql`select pg_terminate_backend(${rows[0]?.pid})`.execute(other.db),
      ]);
    });
    const error = await failureOf(cut);
    expect([error.code, error.retryable]).toEqual(['unavailable', true]);
    const again = await sql<{ one: number }>`select 1 as one`.execute(storage.db);
    expect(again.rows).toEqual([{ one: 1 }]);
  });

  test('tells of a connection that breaks while idle, and goes on with another', async () => {
    await using database = await postgresDatabase();
    const broken = Promise.withResolvers<unknown>();
    await using storage = await openStorage(database.url, { onIdleError: broken.resolve });
    await using other = await openStorage(database.url);
    await sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()
    `.execute(other.db);
    expect(await broken.promise).toBeInstanceOf(Error);
    const again = await sql<{ one: number }>`select 1 as one`.execute(storage.db);
    expect(again.rows).toEqual([{ one: 1 }]);
  });

  test('calls a deadlock aborted and retryable', async () => {
    await using database = await postgresDatabase();
    await using storage = await openStorage<Tables>(database.url);
    await sql`create table t (n bigint primary key, label text)`.execute(storage.db);
    await storage.insertMany(
      't',
      ['n', 'label'],
      [
        [1, ''],
        [2, ''],
      ],
    );
    const held = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
    const update = async (own: 0 | 1) => {
      await storage.db.transaction().execute(async (transaction) => {
        await sql`set local deadlock_timeout = '10ms'`.execute(transaction);
        const lock = (n: number) =>
          transaction
            .updateTable('t')
            .set({ label: `${own}` })
            .where('n', '=', n)
            .execute();
        await lock(own + 1);
        held[own].resolve();
        await held[own === 0 ? 1 : 0].promise;
        await lock(own === 0 ? 2 : 1);
      });
    };
    const outcomes = await Promise.allSettled([update(0), update(1)]);
    const failed = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(failed).toHaveLength(1);
    const [{ reason }] = failed as [PromiseRejectedResult];
    expect([reason.code, reason.retryable]).toEqual(['aborted', true]);
  });

  test('refuses grouped rows for a column that is not there', async () => {
    await using database = await postgresDatabase();
    await using storage = await openStorage<Tables>(database.url);
    await sql`create table t (n bigint)`.execute(storage.db);
    const error = await failureOf(storage.insertMany('t', ['nope'], [[1]]));
    expect(error.message).toContain('no column nope');
  });

  test('says what is wrong with an address, and never its password', async () => {
    await using database = await postgresDatabase();
    const missing = database.url.replace(/test_\d+/, 'missing');
    const noDatabase = await failureOf(openStorage(missing));
    expect(noDatabase.code).toBe('failed_precondition');
    expect(noDatabase.message).toContain('does not exist');
    await using directory = await temporaryDirectory();
    const url = `postgres://user:hidden@/db?host=${encodeURIComponent(directory.path)}`;
    const noServer = await failureOf(openStorage(url));
    expect([noServer.code, noServer.retryable]).toEqual(['unavailable', true]);
    expect(noServer.message).toContain(directory.path);
    expect(noServer.message).not.toContain('hidden');
  });
});

test('an address that is none is refused before anything is connected', async () => {
  const error = await failureOf(openStorage('postgres://user:p%@host:notaport/db'));
  expect(error.code).toBe('invalid_argument');
});

test.each([
  ['23505', 'already_exists', false],
  ['23502', 'failed_precondition', false],
  ['40001', 'aborted', true],
  ['40P01', 'aborted', true],
  ['53300', 'unavailable', true],
  ['57P01', 'unavailable', true],
  ['08006', 'unavailable', true],
  ['08P01', 'internal', false],
  ['57014', 'deadline_exceeded', true],
  ['28P01', 'failed_precondition', false],
  ['42P01', 'internal', false],
  ['ECONNREFUSED', 'unavailable', true],
  [undefined, 'unavailable', true],
])('error %p is %s', (state, code, retryable) => {
  const error = fromPostgresError(Object.assign(new Error('Key (email)=(a@b.c)'), { code: state }));
  expect([error.code, error.retryable]).toEqual([code as never, retryable]);
  expect(error.message).not.toContain('a@b.c');
});
