import { describe, expect, test } from 'bun:test';
import { createLogger, type Storage } from '@zeke/foundation';
import fc from 'fast-check';
import type { Selectable } from 'kysely';
import { Ledger, type LedgerEntry } from './ledger.ts';
import { PriceCatalogue } from './prices/catalogue.ts';
import { PriceBook } from './prices/price-book.ts';
import type { GatewayTables, LedgerTable } from './tables.ts';
import { ledgerEntry } from './testing/ledger-entry.ts';
import { storageKinds, testStorage } from './testing/test-storage.ts';
import { type UsageGroup, type UsageQuery, usageGroups, usageReport } from './usage-report.ts';

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

    test('whatever is asked, hours and rows together say what the rows alone do', async () => {
      await using fixture = await testStorage(kind);
      const { storage } = fixture;
      const entries = fc.sample(anyEntry, { numRuns: 400, seed: 11 });
      await write(storage, entries);
      const rows = await storage.db.selectFrom('gateway_ledger').selectAll().execute();
      expect(rows).toHaveLength(400);
      await fc.assert(
        fc.asyncProperty(anyQuery, async (query) => {
          expect(sorted(await usageReport(storage, query))).toEqual(sorted(byHand(rows, query)));
        }),
        { numRuns: 60 },
      );
      await storage.db.deleteFrom('gateway_usage').execute();
      expect(await usageReport(storage, { groupBy: ['model'] })).toEqual([]);
    });
  });
}

const from = Date.UTC(2026, 10, 1);
/** Most within a few hours, where edges are. */
const time = fc.oneof(
  fc.integer({ min: from, max: from + 5 * 3_600_000 }),
  fc.integer({ min: from, max: from + 3 * 86_400_000 }),
  fc.constantFrom(from, from + 3_600_000, from + 3_599_999, from + 86_400_000),
);
const anyEntry = fc
  .record({
    atMs: time,
    keyId: fc.constantFrom('key_1', 'key_2', undefined),
    owner: fc.constantFrom('ada', 'bob', '', undefined),
    orgId: fc.constantFrom('org_1', 'org_2', undefined),
    teamId: fc.constantFrom('team_1', undefined),
    userId: fc.constantFrom('user_1', undefined),
    model: fc.constantFrom('gpt-5-mini', 'own', 'unknown', '', 'x'.repeat(300)),
    provider: fc.constantFrom('openai', 'second', ''),
    outcome: fc.constantFrom('ok', 'error', 'canceled', 'incomplete', 'refused', 'cached'),
    usage: fc.record({
      input: fc.constantFrom(0, 1_000, 77_777),
      output: fc.constantFrom(0, 500),
      cachedInput: fc.nat(50),
      reasoning: fc.nat(50),
      estimated: fc.boolean(),
    }),
  })
  .map((changes) => ledgerEntry(changes));
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 4 });
const seldom = <T>(value: fc.Arbitrary<T>) =>
  fc.oneof({ arbitrary: value, weight: 1 }, { arbitrary: fc.constant(undefined), weight: 8 });
const anyQuery: fc.Arbitrary<UsageQuery> = fc
  .record({
    groupBy: fc.subarray([...usageGroups]),
    fromMs: maybe(time),
    toMs: maybe(time),
    keyId: seldom(fc.constantFrom('key_1', 'key_9')),
    model: seldom(fc.constantFrom('own')),
    provider: seldom(fc.constantFrom('openai')),
    orgId: seldom(fc.constantFrom('org_2')),
    teamId: seldom(fc.constantFrom('team_1')),
    userId: seldom(fc.constantFrom('user_1')),
  })
  .map((query) => JSON.parse(JSON.stringify(query)));

type Row = Selectable<LedgerTable>;

/** The report, from the rows, one after the other. */
function byHand(rows: readonly Row[], query: UsageQuery): object[] {
  const groupOf: Record<UsageGroup, (row: Row) => string | null> = {
    day: (row) => new Date(row.at_ms).toISOString().slice(0, 10),
    key: (row) => row.key_id,
    owner: (row) => row.owner,
    org: (row) => row.org_id,
    team: (row) => row.team_id,
    user: (row) => row.user_id,
    model: (row) => row.model,
    provider: (row) => row.provider,
  };
  const fits = (row: Row) =>
    row.at_ms >= (query.fromMs ?? 0) &&
    row.at_ms < (query.toMs ?? Number.POSITIVE_INFINITY) &&
    [undefined, row.key_id].includes(query.keyId) &&
    [undefined, row.model].includes(query.model) &&
    [undefined, row.provider].includes(query.provider) &&
    [undefined, row.org_id].includes(query.orgId) &&
    [undefined, row.team_id].includes(query.teamId) &&
    [undefined, row.user_id].includes(query.userId);
  const groups = Map.groupBy(rows.filter(fits), (row) =>
    JSON.stringify(query.groupBy.map((group) => groupOf[group](row))),
  );
  if (query.groupBy.length === 0 && groups.size === 0) groups.set('[]', []);
  return [...groups].map(([key, group]) => {
    const values: (string | null)[] = JSON.parse(key);
    const count = (which: (row: Row) => boolean) => group.filter(which).length;
    const total = (what: (row: Row) => number) => group.reduce((sum, row) => sum + what(row), 0);
    return {
      ...Object.fromEntries(query.groupBy.map((name, index) => [name, values[index]])),
      calls: count(({ outcome }) => outcome !== 'refused' && outcome !== 'cached'),
      refused: count(({ outcome }) => outcome === 'refused'),
      cached: count(({ outcome }) => outcome === 'cached'),
      failed: count(({ outcome }) => outcome === 'error' || outcome === 'incomplete'),
      canceled: count(({ outcome }) => outcome === 'canceled'),
      inputTokens: total((row) => row.input_tokens),
      outputTokens: total((row) => row.output_tokens),
      cachedInputTokens: total((row) => row.cached_input_tokens),
      reasoningTokens: total((row) => row.reasoning_tokens),
      costMicroUsd: total((row) => row.cost_micro_usd ?? 0),
      unpriced: count(
        (row) =>
          row.cost_micro_usd === null &&
          ((row.outcome !== 'error' && row.outcome !== 'refused') ||
            row.input_tokens + row.output_tokens > 0),
      ),
      estimated: count(({ estimated }) => estimated),
    };
  });
}

/** By what they say: reports of equal cost are in no order. */
function sorted(rows: readonly object[]): string[] {
  return rows.map((row) => JSON.stringify(Object.entries(row).sort())).sort();
}
