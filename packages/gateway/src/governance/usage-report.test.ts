import { describe, expect, test } from 'bun:test';
import { createLogger, type Storage } from '@zeke/foundation';
import fc from 'fast-check';
import { Ledger, type LedgerEntry } from './ledger.ts';
import { PriceCatalogue } from './prices/catalogue.ts';
import { PriceBook } from './prices/price-book.ts';
import type { GatewayTables } from './tables.ts';
import { ledgerEntry } from './testing/ledger-entry.ts';
import { storageKinds, testStorage } from './testing/test-storage.ts';
import { usageReport } from './usage-report.ts';

const logged: string[] = [];
const log = createLogger({
  level: 'info',
  destination: { write: (line) => void logged.push(line) },
});
const catalogue = new PriceCatalogue({ log });

async function write(storage: Storage<GatewayTables>, entries: readonly LedgerEntry[]) {
  const overrides = new Map([['openai/own', { input: 1, output: 2 }]]);
  const book = new PriceBook({ overrides, catalogue, log });
  await using ledger = new Ledger({
    storage,
    log,
    price: (group) => book.price(group),
    flushIntervalMs: 60_000,
  });
  for (const entry of entries) ledger.record(entry);
  await ledger.flush();
}

const lastOf20 = Date.UTC(2026, 10, 20, 23, 59, 59, 999);
const firstOf21 = Date.UTC(2026, 10, 21);

for (const { kind, skip } of storageKinds) {
  describe.skipIf(skip)(`usage report on ${kind}`, () => {
    test('days are those of UTC, the newest first', async () => {
      await using fixture = await testStorage(kind);
      await write(fixture.storage, [
        ledgerEntry({ atMs: lastOf20 }),
        ledgerEntry({ atMs: firstOf21 }),
        ledgerEntry({ atMs: firstOf21 + 1 }),
      ]);
      const days = await usageReport(fixture.storage, { groupBy: ['day'] });
      expect(days.map(({ day, calls }) => [day, calls])).toEqual([
        ['2026-11-21', 2],
        ['2026-11-20', 1],
      ]);
      const one = { groupBy: [], fromMs: lastOf20, toMs: firstOf21 };
      expect((await usageReport(fixture.storage, one)).map(({ calls }) => calls)).toEqual([1]);
    });

    test('no calls are one line of zeros, or no line of a group', async () => {
      await using fixture = await testStorage(kind);
      expect(await usageReport(fixture.storage, { groupBy: ['model'] })).toEqual([]);
      expect(await usageReport(fixture.storage, { groupBy: [] })).toMatchObject([
        { calls: 0, costMicroUsd: 0, unpriced: 0 },
      ]);
    });

    test('a refused request is no call, and has no price to miss', async () => {
      await using fixture = await testStorage(kind);
      const refused = { outcome: 'refused', attempt: 0, provider: '', model: '' } as const;
      await write(fixture.storage, [
        ledgerEntry(),
        ledgerEntry({ ...refused, metered: false, usage: { input: 0, output: 0 } }),
      ]);
      expect(await usageReport(fixture.storage, { groupBy: [] })).toMatchObject([
        { calls: 1, refused: 1, failed: 0, unpriced: 0 },
      ]);
    });

    test('an answer from the cache is no call, and costs nothing, whatever its model', async () => {
      await using fixture = await testStorage(kind);
      const cached = { outcome: 'cached', attempt: 0, usage: { input: 0, output: 0 } } as const;
      await write(fixture.storage, [
        ledgerEntry({ ...cached, model: 'mystery' }),
        ledgerEntry({ ...cached, errorCode: 'canceled' }),
      ]);
      expect(await usageReport(fixture.storage, { groupBy: [] })).toMatchObject([
        { calls: 0, cached: 2, refused: 0, failed: 0, canceled: 0, unpriced: 0, costMicroUsd: 0 },
      ]);
    });

    test('says what has no price, what was counted here and what failed', async () => {
      await using fixture = await testStorage(kind);
      await write(fixture.storage, [
        ledgerEntry(),
        ledgerEntry({ model: 'own' }),
        ledgerEntry({ model: 'mystery' }),
        ledgerEntry({ model: 'mystery', usage: { input: 5, output: 5, estimated: true } }),
        ledgerEntry({ metered: false, usage: { input: 0, output: 0 } }),
        ledgerEntry({ model: 'mystery', outcome: 'error', usage: { input: 0, output: 0 } }),
        ledgerEntry({ provider: 'ollama', model: 'qwen3', pricing: { kind: 'free' } }),
      ]);
      const rows = await usageReport(fixture.storage, { groupBy: ['provider', 'model'] });
      const brief = rows.map(
        ({ provider, model, calls, failed, unpriced, estimated, costMicroUsd }) => ({
          name: `${provider}/${model}`,
          calls,
          failed,
          unpriced,
          estimated,
          costMicroUsd,
        }),
      );
      expect(brief.toSorted((left, right) => (left.name < right.name ? -1 : 1))).toEqual([
        { name: 'ollama/qwen3', calls: 1, failed: 0, unpriced: 0, estimated: 0, costMicroUsd: 0 },
        {
          name: 'openai/gpt-5-mini',
          calls: 2,
          failed: 0,
          unpriced: 1,
          estimated: 0,
          costMicroUsd: 1_250,
        },
        { name: 'openai/mystery', calls: 3, failed: 1, unpriced: 2, estimated: 1, costMicroUsd: 0 },
        { name: 'openai/own', calls: 1, failed: 0, unpriced: 0, estimated: 0, costMicroUsd: 2_000 },
      ]);
      expect(logged.filter((line) => line.includes('mystery'))).toHaveLength(1);
      logged.length = 0;
    });

    test('an answer that broke off has failed, one that the caller left is counted apart', async () => {
      await using fixture = await testStorage(kind);
      const outcomes = ['ok', 'error', 'incomplete', 'incomplete', 'canceled'] as const;
      await write(
        fixture.storage,
        outcomes.map((outcome) => ledgerEntry({ outcome })),
      );
      expect(await usageReport(fixture.storage, { groupBy: [] })).toMatchObject([
        { calls: 5, failed: 3, canceled: 1 },
      ]);
    });

    test('the sums are those of the rows, by any group', async () => {
      await using fixture = await testStorage(kind);
      const entry = fc.record({
        atMs: fc.integer({ min: Date.UTC(2026, 9, 25), max: Date.UTC(2026, 10, 2) }),
        keyId: fc.constantFrom('key_1', 'key_2'),
        owner: fc.constantFrom('ada', 'bob'),
        model: fc.constantFrom('gpt-5-mini', 'gpt-5', 'unknown'),
        provider: fc.constantFrom('openai', 'second'),
        usage: fc.record({
          input: fc.nat(1e6),
          output: fc.nat(1e5),
          cachedInput: fc.nat(1e5),
          reasoning: fc.nat(1e5),
        }),
      });
      await write(fixture.storage, fc.sample(entry, { numRuns: 300, seed: 7 }).map(ledgerEntry));
      const rows = await fixture.storage.db.selectFrom('gateway_ledger').selectAll().execute();
      const groupings = [
        [],
        ['day'],
        ['key', 'owner'],
        ['model', 'provider'],
        ['day', 'model'],
      ] as const;
      for (const groupBy of groupings) {
        const report = await usageReport(fixture.storage, { groupBy });
        const total = (
          name: 'calls' | 'inputTokens' | 'outputTokens' | 'costMicroUsd' | 'unpriced',
        ) => report.reduce((sum, row) => sum + row[name], 0);
        expect(total('calls')).toBe(300);
        expect(total('inputTokens')).toBe(rows.reduce((sum, row) => sum + row.input_tokens, 0));
        expect(total('outputTokens')).toBe(rows.reduce((sum, row) => sum + row.output_tokens, 0));
        expect(total('costMicroUsd')).toBe(
          rows.reduce((sum, row) => sum + (row.cost_micro_usd ?? 0), 0),
        );
        expect(total('unpriced')).toBe(rows.filter((row) => row.cost_micro_usd === null).length);
      }
      const ofDay = Map.groupBy(rows, (row) => new Date(row.at_ms).toISOString().slice(0, 10));
      for (const { day, calls } of await usageReport(fixture.storage, { groupBy: ['day'] })) {
        expect(calls).toBe(ofDay.get(day ?? '')?.length ?? 0);
      }
    });
  });
}
