import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createLogger, openStorage, Spool, type Storage } from '@zeke/foundation';
import {
  type StoppablePostgres,
  skipsWithout,
  stoppablePostgres,
  temporaryDirectory,
} from '@zeke/foundation/testing';
import { sql } from 'kysely';
import { Ledger } from './ledger.ts';
import { gatewayMigrations } from './migrations.ts';
import type { GatewayTables } from './tables.ts';
import { ledgerEntry } from './testing/ledger-entry.ts';
import { usageReport } from './usage-report.ts';

const program = join(import.meta.dir, 'testing', 'endless-ledger-program.ts');
const log = createLogger({ level: 'silent' });

/** What a process that writes without end says of it, line by line. */
class Writer {
  kept = 0;
  spooledBytes = 0;
  readonly #child: Bun.Subprocess<'ignore', 'pipe', 'inherit'>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #text = '';

  constructor(url: string, folder: string) {
    this.#child = Bun.spawn([process.execPath, program, url, folder], {
      stdin: 'ignore',
      stdout: 'pipe',
    });
    this.#reader = this.#child.stdout.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  }

  /** Reads on until this is so. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      const { value, done } = await this.#reader.read();
      if (done) throw new Error('the writer ended');
      this.#take(value);
    }
  }

  /** Kills it; what it had said until then counts. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    for (let chunk = await this.#reader.read(); !chunk.done; chunk = await this.#reader.read()) {
      this.#take(chunk.value);
    }
    await this.#child.exited;
  }

  #take(bytes: Uint8Array): void {
    this.#text += new TextDecoder().decode(bytes);
    const lines = this.#text.split('\n');
    this.#text = lines.pop() ?? '';
    const [kept, spooled] = lines.at(-1)?.split(' ').map(Number) ?? [];
    this.kept = kept ?? this.kept;
    this.spooledBytes = spooled ?? this.spooledBytes;
  }
}

/** Every entry up to that number is there, none is twice, and all sums say the same. */
async function expectEachOnce(storage: Storage<GatewayTables>, kept: number): Promise<void> {
  const { rows } = await sql<{ id: number }>`
    select substr(request_id, 5)::bigint as id from gateway_ledger order by 1`.execute(storage.db);
  const ids = rows.map(({ id }) => id);
  expect(ids.length).toBeGreaterThanOrEqual(kept);
  expect(ids).toEqual(ids.map((_, index) => index + 1));
  expect(await usageReport(storage, { groupBy: [] })).toMatchObject([
    { calls: ids.length, costMicroUsd: ids.length },
  ]);
  const spent = await storage.db
    .selectFrom('gateway_spend')
    .select('micro_usd')
    .where('kind', '=', 'provider')
    .execute();
  expect(spent).toEqual([{ micro_usd: ids.length }]);
}

describe.skipIf(skipsWithout('postgresql'))('a ledger whose PostgreSQL goes away', () => {
  let server: StoppablePostgres;

  beforeAll(async () => {
    server = await stoppablePostgres();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  async function emptied(): Promise<void> {
    await using storage = await openStorage<GatewayTables>(server.url);
    await sql`drop schema public cascade`.execute(storage.db);
    await sql`create schema public`.execute(storage.db);
    await storage.migrate([gatewayMigrations]);
  }

  test('in mid-load, at any moment, again and again: each entry is there once', async () => {
    await using directory = await temporaryDirectory();
    await emptied();
    const writer = new Writer(server.url, directory.path);
    for (const how of ['immediate', 'fast'] as const) {
      const before = writer.kept;
      await writer.until(() => writer.kept > before + 200);
      await server.stop(how);
      await writer.until(() => writer.spooledBytes > 20_000);
      await server.start();
      await writer.until(() => writer.spooledBytes === 0);
    }
    await writer.kill();
    await using storage = await openStorage<GatewayTables>(server.url);
    await expectEachOnce(storage, writer.kept);
  }, 60_000);

  test('and then its process is killed: the next one writes what was kept, each once', async () => {
    await using directory = await temporaryDirectory();
    await emptied();
    const writer = new Writer(server.url, directory.path);
    await writer.until(() => writer.kept > 300);
    await server.stop('immediate');
    await writer.until(() => writer.spooledBytes > 100_000);
    await writer.kill();
    await server.start();
    await using storage = await openStorage<GatewayTables>(server.url);
    await using spool = await Spool.open({
      folder: directory.path,
      name: 'ledger',
      maxBytes: 1_000_000,
      log,
    });
    expect(spool.isEmpty).toBe(false);
    await using ledger = new Ledger({
      storage,
      log,
      spool,
      flushIntervalMs: 60_000,
      price: async (group) => group.map(() => null),
    });
    await ledger.flush();
    expect(await readdir(directory.path)).toEqual([]);
    await expectEachOnce(storage, writer.kept);
  }, 60_000);
});

const price = async (group: readonly unknown[]) => group.map(() => null);

test('while neither the database nor the disk has room, requests are told, and nothing is lost', async () => {
  await using directory = await temporaryDirectory();
  await using storage = await openStorage<GatewayTables>('sqlite::memory:');
  await storage.migrate([gatewayMigrations]);
  const { path: folder } = directory;
  await using spool = await Spool.open({ folder, name: 'ledger', maxBytes: 2_000, log });
  await using ledger = new Ledger({ storage, log, spool, flushIntervalMs: 60_000, price });
  const record = async (from: number, to: number) => {
    for (let n = from; n <= to; n++) ledger.record(ledgerEntry({ requestId: `req_${n}` }));
    await ledger.flush().catch(() => {});
  };
  await storage.db.schema.alterTable('gateway_ledger').renameTo('away').execute();
  await record(1, 1);
  expect([ledger.waiting, ledger.isStuck]).toEqual([0, false]);
  ledger.checkRoom();
  await record(2, 20);
  expect([ledger.waiting, ledger.isStuck]).toEqual([19, true]);
  expect(() => ledger.checkRoom()).toThrow('neither the database nor the disk takes the ledger');
  ledger.whenFull = 'drop';
  ledger.checkRoom();
  await record(21, 25);
  await storage.db.schema.alterTable('away').renameTo('gateway_ledger').execute();
  await ledger.flush();
  expect([ledger.waiting, ledger.isStuck, spool.isEmpty]).toEqual([0, false, true]);
  const rows = await storage.db
    .selectFrom('gateway_ledger')
    .select('request_id')
    .orderBy('id')
    .execute();
  expect(rows.map((row) => row.request_id)).toEqual(
    Array.from({ length: 25 }, (_, index) => `req_${index + 1}`),
  );
});

test('what a database that never answers has not taken at the end is on the disk', async () => {
  await using directory = await temporaryDirectory();
  await using storage = await openStorage<GatewayTables>('sqlite::memory:');
  await storage.migrate([gatewayMigrations]);
  const open = () =>
    Spool.open({ folder: directory.path, name: 'ledger', maxBytes: 1_000_000, log });
  const gate = Promise.withResolvers<void>();
  const holding = storage.db.transaction().execute(() => gate.promise);
  {
    await using spool = await open();
    await using ledger = new Ledger({
      ...{ storage, log, spool, price },
      flushIntervalMs: 60_000,
      disposeTimeoutMs: 20,
    });
    for (let n = 0; n < 700; n++) ledger.record(ledgerEntry({ requestId: `req_${n}` }));
  }
  gate.resolve();
  await holding;
  await using spool = await open();
  await using next = new Ledger({ storage, log, spool, flushIntervalMs: 60_000, price });
  await next.flush();
  const rows = await storage.db.selectFrom('gateway_ledger').select('request_id').execute();
  expect(rows.map((row) => row.request_id).sort()).toEqual(
    Array.from({ length: 700 }, (_, index) => `req_${index}`).sort(),
  );
});
