import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RpcError } from '@zeke/rpc';
import { sql } from 'kysely';
import { temporaryDirectory } from '../testing/index.ts';
import { openStorage } from './open-storage.ts';

interface Tables {
  t: { n: number };
}

async function withTable(path: string, busyTimeoutMs = 20) {
  const storage = await openStorage<Tables>(`sqlite:${path}`, { busyTimeoutMs });
  await sql`create table if not exists t (n integer)`.execute(storage.db);
  return storage;
}

async function failureOf(work: Promise<unknown>): Promise<RpcError> {
  const error = await work.then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(RpcError);
  return error as RpcError;
}

test('makes the file and its folder for the owner alone, also the files beside it', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'new/folder/zeke.db');
  await using storage = await withTable(path);
  await storage.insertMany('t', ['n'], [[1]]);
  for (const file of [path, `${path}-wal`, `${path}-shm`]) {
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  }
});

test('is durable: what was written is there when the file is opened again', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'zeke.db');
  const storage = await withTable(path);
  await storage.insertMany('t', ['n'], [[1], [2]]);
  await storage.close();
  await storage.close();
  await using again = await withTable(path);
  expect(await again.db.selectFrom('t').selectAll().execute()).toEqual([{ n: 1 }, { n: 2 }]);
});

test('can be in memory', async () => {
  await using storage = await withTable(':memory:');
  await storage.insertMany('t', ['n'], [[1]]);
  expect(await storage.db.selectFrom('t').selectAll().execute()).toEqual([{ n: 1 }]);
});

test('has a stamp that changes when another connection has written, and only then', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'zeke.db');
  await using storage = await withTable(path);
  const before = storage.changeStamp();
  expect(before).toBeNumber();
  await storage.insertMany('t', ['n'], [[1]]);
  expect(storage.changeStamp()).toBe(before);
  await using other = await withTable(path);
  await other.insertMany('t', ['n'], [[2]]);
  expect(storage.changeStamp()).not.toBe(before);
});

test('says that it is busy while another connection writes for too long', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'zeke.db');
  await using storage = await withTable(path);
  const other = new Database(path);
  other.run('begin immediate');
  const error = await failureOf(storage.insertMany('t', ['n'], [[1]]));
  expect([error.code, error.retryable]).toEqual(['unavailable', true]);
  const transaction = storage.db.transaction().execute(async () => {});
  expect((await failureOf(transaction)).code).toBe('unavailable');
  other.run('rollback');
  other.close();
  await storage.insertMany('t', ['n'], [[1]]);
  expect(await storage.db.selectFrom('t').selectAll().execute()).toEqual([{ n: 1 }]);
});

test('streams rows one after the other', async () => {
  await using storage = await withTable(':memory:');
  await storage.insertMany('t', ['n'], [[1], [2], [3]]);
  const seen: number[] = [];
  for await (const row of storage.db.selectFrom('t').selectAll().stream()) seen.push(row.n);
  expect(seen).toEqual([1, 2, 3]);
});

test('forgets statements that have not been used for long', async () => {
  await using storage = await withTable(':memory:');
  await storage.insertMany('t', ['n'], [[7]]);
  for (let round = 0; round < 2; round += 1) {
    for (let index = 0; index < 300; index += 1) {
      const { rows } = await sql`select n + ${sql.raw(`${index}`)} as n from t`.execute(storage.db);
      expect(rows).toEqual([{ n: 7 + index }]);
    }
  }
});

test.each([
  ['a folder', async (path: string) => void (await mkdir(path)), 'failed_precondition'],
  [
    'a file that is no database',
    async (path: string) => void (await Bun.write(path, 'not a database, by far. '.repeat(200))),
    'data_loss',
  ],
  [
    'a database with damaged pages',
    async (path: string) => {
      const storage = await withTable(path);
      await storage.close();
      const bytes = await Bun.file(path).bytes();
      bytes.fill(0xff, 100, 400);
      await Bun.write(path, bytes);
    },
    'data_loss',
  ],
])('names the file when it is %s', async (_, make, code) => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'zeke.db');
  await make(path);
  const error = await failureOf(openStorage(`sqlite:${path}`));
  expect(error.code).toBe(code as never);
  expect(error.message).toStartWith(`${path}: `);
});

test('names the file when its folder cannot be made', async () => {
  await using directory = await temporaryDirectory();
  await Bun.write(join(directory.path, 'file'), '');
  const path = join(directory.path, 'file/zeke.db');
  const error = await failureOf(openStorage(`sqlite:${path}`));
  expect([error.code, error.message]).toEqual([
    'failed_precondition',
    expect.stringContaining(`${path}: cannot open the database`),
  ] as never);
});

test.each(['mysql://host/db', 'sqlite:relative.db', 'sqlite:', 'nonsense'])(
  'refuses the address %p',
  async (url) => {
    expect((await failureOf(openStorage(url))).code).toBe('invalid_argument');
  },
);

test('a transaction for which the disk has no room is told as that, and nothing of it is kept', async () => {
  await using directory = await temporaryDirectory();
  await using storage = await withTable(join(directory.path, 'a.db'));
  const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(storage.db);
  const pages = (rows[0]?.page_count ?? 0) + 1;
  await sql.raw(`pragma max_page_count = ${pages}`).execute(storage.db);
  const { db } = storage;
  const filled = db.transaction().execute(async (transaction) => {
    for (let n = 0; n < 5_000; n++) await transaction.insertInto('t').values({ n }).execute();
  });
  expect(await failureOf(filled)).toMatchObject({
    code: 'resource_exhausted',
    message: 'the disk with the database is full',
    retryable: true,
  });
  expect(await db.selectFrom('t').selectAll().execute()).toEqual([]);
  await db.insertInto('t').values({ n: 1 }).execute();
});
