import { afterEach, describe, expect, jest, test } from 'bun:test';
import { createLogger, type Storage } from '@zeke/foundation';
import fc from 'fast-check';
import { sql } from 'kysely';
import { type Cost, Ledger, type LedgerEntry, type LedgerOptions } from './ledger.ts';
import type { GatewayTables } from './tables.ts';
import { ledgerEntry } from './testing/ledger-entry.ts';
import { storageKinds, testStorage } from './testing/test-storage.ts';

interface Line {
  msg: string;
  [field: string]: unknown;
}

function testLedger(storage: Storage<GatewayTables>, options: Partial<LedgerOptions> = {}) {
  const logged: Line[] = [];
  const write = (text: string) => void logged.push(JSON.parse(text));
  const ledger = new Ledger({
    storage,
    price: async (entries) => entries.map(() => null),
    log: createLogger({ level: 'info', destination: { write } }),
    flushIntervalMs: 60_000,
    ...options,
  });
  return { ledger, logged };
}

const rowsOf = (storage: Storage<GatewayTables>) =>
  storage.db.selectFrom('gateway_ledger').selectAll().orderBy('id').execute();

function numbered(count: number): LedgerEntry[] {
  return Array.from({ length: count }, (_, index) => ledgerEntry({ requestId: `req_${index}` }));
}

for (const { kind, skip } of storageKinds) {
  describe.skipIf(skip)(`ledger on ${kind}`, () => {
    test('a row says all that was known', async () => {
      await using fixture = await testStorage(kind);
      const cost: Cost = {
        totalMicroUsd: 1_250,
        components: { input: 250, output: 1_000, source: 's' },
      };
      const { ledger } = testLedger(fixture.storage, { price: async () => [cost] });
      ledger.record(
        ledgerEntry({
          traceId: 't1',
          firstTokenMs: 3.4,
          streamed: true,
          usage: {
            input: 9,
            output: 8,
            cachedInput: 7,
            cacheWrite5m: 6,
            cacheWrite1h: 5,
            reasoning: 4,
            audioInput: 3,
            audioOutput: 2,
            imageInput: 1,
            imageOutput: 1,
            estimated: true,
          },
        }),
      );
      await ledger.flush();
      const [row] = await rowsOf(fixture.storage);
      expect(row).toEqual({
        id: 1,
        at_ms: Date.UTC(2026, 10, 21, 12),
        request_id: 'req_1',
        trace_id: 't1',
        attempt: 1,
        key_id: 'key_1',
        owner: 'ada',
        org_id: 'org_1',
        team_id: 'team_1',
        user_id: 'user_1',
        provider: 'openai',
        model: 'gpt-5-mini',
        requested_model: 'openai/gpt-5-mini',
        operation: 'chat',
        caller_dialect: 'openai-chat',
        provider_dialect: 'openai-chat',
        streamed: true,
        outcome: 'ok',
        http_status: 200,
        error_code: null,
        input_tokens: 9,
        output_tokens: 8,
        cached_input_tokens: 7,
        cache_write_5m_tokens: 6,
        cache_write_1h_tokens: 5,
        reasoning_tokens: 4,
        audio_input_tokens: 3,
        audio_output_tokens: 2,
        image_input_tokens: 1,
        image_output_tokens: 1,
        estimated: true,
        cost_micro_usd: 1_250,
        cost_components: JSON.stringify(cost.components),
        latency_ms: 13,
        first_token_ms: 3,
      });
    });

    test('groups of any size are written in order, also while more comes', async () => {
      await using fixture = await testStorage(kind);
      const { ledger } = testLedger(fixture.storage, { flushIntervalMs: 1 });
      const entries = numbered(1_800);
      for (const entry of entries.slice(0, 1_200)) ledger.record(entry);
      const first = ledger.flush();
      for (const entry of entries.slice(1_200)) ledger.record(entry);
      await Promise.all([first, ledger.flush(), ledger.flush()]);
      const rows = await rowsOf(fixture.storage);
      expect(rows.map((row) => row.request_id)).toEqual(entries.map((entry) => entry.requestId));
      expect(ledger.waiting).toBe(0);
    });

    test('what waits is written on disposal', async () => {
      await using fixture = await testStorage(kind);
      {
        await using ledger = testLedger(fixture.storage).ledger;
        for (const entry of numbered(3)) ledger.record(entry);
      }
      expect(await rowsOf(fixture.storage)).toHaveLength(3);
    });

    test('what the database refuses is tried again, in order and once', async () => {
      await using fixture = await testStorage(kind);
      const { ledger, logged } = testLedger(fixture.storage);
      const { schema } = fixture.storage.db;
      const entries = numbered(600);
      for (const entry of entries.slice(0, 550)) ledger.record(entry);
      await schema.alterTable('gateway_ledger').renameTo('away').execute();
      await expect(ledger.flush()).rejects.toMatchObject({ code: 'internal' });
      for (const entry of entries.slice(550)) ledger.record(entry);
      expect(ledger.waiting).toBe(600);
      await schema.alterTable('away').renameTo('gateway_ledger').execute();
      await ledger[Symbol.asyncDispose]();
      const rows = await rowsOf(fixture.storage);
      expect(rows.map((row) => row.request_id)).toEqual(entries.map((entry) => entry.requestId));
      expect(logged.map(({ msg }) => msg)).toEqual([
        'the ledger could not be written; it is tried again',
      ]);
    });

    test('a database that is gone does not hold the end up, and the loss is told', async () => {
      await using fixture = await testStorage(kind);
      const { ledger, logged } = testLedger(fixture.storage, { disposeTimeoutMs: 150 });
      for (const entry of numbered(5)) ledger.record(entry);
      await fixture.storage.db.schema.dropTable('gateway_ledger').execute();
      await ledger[Symbol.asyncDispose]();
      expect(logged.at(-1)).toMatchObject({
        msg: 'the ledger could not be written before the end',
        lost: 5,
      });
      ledger.record(ledgerEntry());
      expect(logged.at(-1)?.msg).toContain('after the ledger was closed');
    });

    test('no text or number of a caller or provider keeps a group from being written', async () => {
      await using fixture = await testStorage(kind);
      const { ledger } = testLedger(fixture.storage);
      const text = fc.string({ unit: 'binary', maxLength: 40 });
      const odd = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, -1, 1.5, 1e300, Infinity));
      const entries = fc.sample(fc.tuple(text, text, odd, odd), 200);
      for (const [model, requestedModel, input, output] of entries) {
        ledger.record(
          ledgerEntry({
            model,
            requestedModel: `${requestedModel}\0`,
            usage: { input, output },
            latencyMs: 1e15,
          }),
        );
      }
      await ledger.flush();
      const rows = await rowsOf(fixture.storage);
      expect(rows).toHaveLength(200);
      for (const row of rows) {
        expect(row.input_tokens).toBeWithin(0, 1e12 + 1);
        expect(Number.isInteger(row.output_tokens)).toBe(true);
      }
    });
  });
}

afterEach(() => {
  jest.useRealTimers();
});

test('a group is written by itself when its first entry has waited for the interval', async () => {
  await using fixture = await testStorage('sqlite');
  jest.useFakeTimers();
  const { ledger } = testLedger(fixture.storage, { flushIntervalMs: 25 });
  const [first, second, third] = numbered(3);
  ledger.record(first!);
  jest.advanceTimersByTime(24);
  ledger.record(second!);
  await new Promise((resolve) => setImmediate(resolve));
  expect(ledger.waiting).toBe(2);
  jest.advanceTimersByTime(1);
  while (ledger.waiting > 0) await new Promise((resolve) => setImmediate(resolve));
  expect(await rowsOf(fixture.storage)).toHaveLength(2);
  ledger.record(third!);
  expect(jest.getTimerCount()).toBe(1);
});

const withoutPostgres = storageKinds.some(({ kind, skip }) => kind === 'postgres' && skip);

test.skipIf(withoutPostgres)(
  'a server that goes away within a write loses nothing and has nothing twice',
  async () => {
    await using fixture = await testStorage('postgres');
    const other = await fixture.open();
    const { ledger } = testLedger(fixture.storage);
    const entries = numbered(1_200);
    for (const entry of entries) ledger.record(entry);
    await other.db.transaction().execute(async (transaction) => {
      await sql`lock table gateway_ledger in exclusive mode`.execute(transaction);
      const writing = ledger.flush().catch((error) => error);
      let ended = 0;
      while (ended === 0) {
        const { rows } = await sql`
          select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'`.execute(transaction);
        ended = rows.length;
      }
      expect(await writing).toMatchObject({ code: 'unavailable', retryable: true });
    });
    expect(ledger.waiting).toBe(1_200);
    ledger.record(ledgerEntry({ requestId: 'req_last' }));
    await ledger[Symbol.asyncDispose]();
    const rows = await rowsOf(fixture.storage);
    expect(rows.map((row) => row.request_id)).toEqual([
      ...entries.map((entry) => entry.requestId),
      'req_last',
    ]);
  },
);

test('a database that does not answer holds the end not up, nor fills the memory', async () => {
  await using fixture = await testStorage('sqlite');
  const { ledger, logged } = testLedger(fixture.storage, { disposeTimeoutMs: 50 });
  const gate = Promise.withResolvers<void>();
  const holding = fixture.storage.db.transaction().execute(() => gate.promise);
  const entry = ledgerEntry();
  for (let index = 0; index < 100_700; index++) ledger.record(entry);
  expect(ledger.waiting).toBe(99_700);
  expect(logged.at(-1)).toMatchObject({ lost: 1_000 });
  await ledger[Symbol.asyncDispose]();
  expect(logged.at(-1)).toMatchObject({
    msg: 'the ledger could not be written before the end',
    lost: 100_700,
  });
  gate.resolve();
  await holding;
});
