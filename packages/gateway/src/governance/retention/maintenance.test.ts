import { describe, expect, test } from 'bun:test';
import { createLogger, listDayPartitions } from '@zeke/foundation';
import fc from 'fast-check';
import { AuditLog } from '../audit/audit-log.ts';
import { verifyChain } from '../audit/verify-chain.ts';
import { Ledger, type LedgerEntry } from '../ledger.ts';
import { ledgerEntry } from '../testing/ledger-entry.ts';
import { storageKinds, type TestStorage, testStorage } from '../testing/test-storage.ts';
import { answeredSpan, usageReport } from '../usage-report.ts';
import { Maintenance } from './maintenance.ts';

const dayMs = 86_400_000;
const noon = Date.UTC(2026, 10, 21, 12);
const today = noon - dayMs / 2;

function maintained({ storage }: TestStorage, days: { ledger?: number; usage?: number }) {
  const logged: Record<string, unknown>[] = [];
  const clock = { now: noon, monotonic: 1_000 };
  const maintenance = new Maintenance({
    storage,
    log: createLogger({
      level: 'info',
      destination: { write: (line) => void logged.push(JSON.parse(line)) },
    }),
    now: () => clock.now,
    monotonicMs: () => clock.monotonic,
    settings: () => ({ ledgerDays: days.ledger ?? 0, usageDays: days.usage ?? 0, auditDays: 2 }),
  });
  return { maintenance, clock, logged };
}

async function write({ storage }: TestStorage, entries: readonly LedgerEntry[]): Promise<void> {
  await using ledger = new Ledger({
    storage,
    log: createLogger({ level: 'silent' }),
    price: async (group) =>
      group.map(({ usage }) => ({ totalMicroUsd: usage.input, components: {} })),
    flushIntervalMs: 60_000,
  });
  for (const entry of entries) ledger.record(entry);
  await ledger.flush();
}

/** Some on each of the last twelve days. */
const entries = fc
  .sample(
    fc.record({
      atMs: fc.integer({ min: today - 12 * dayMs, max: noon }),
      model: fc.constantFrom('a', 'b'),
      usage: fc.record({ input: fc.nat(1_000), output: fc.nat(1_000) }),
    }),
    { numRuns: 900, seed: 3 },
  )
  .map((changes) => ledgerEntry(changes));

for (const { kind, skip } of storageKinds) {
  describe.skipIf(skip)(`maintenance on ${kind}`, () => {
    test('rows go after their days, and reports say the same as before', async () => {
      await using fixture = await testStorage(kind);
      const { storage } = fixture;
      await write(fixture, entries);
      const queries = [
        { groupBy: [] },
        { groupBy: ['day', 'model'] },
        { groupBy: ['day'], fromMs: today - 9 * dayMs, toMs: today - 2 * dayMs },
        { groupBy: ['model'], fromMs: today - dayMs + 1_234_567, toMs: noon - 7_654_321 },
      ] as const;
      const before = await Promise.all(queries.map((query) => usageReport(storage, query)));
      const { maintenance, logged } = maintained(fixture, { ledger: 3 });
      await maintenance.run();
      await maintenance.run();
      expect(logged).toEqual([]);
      const rows = await storage.db.selectFrom('gateway_ledger').select('at_ms').execute();
      const kept = entries.filter(({ atMs }) => atMs >= today - 3 * dayMs);
      expect(kept.length).toBeGreaterThan(100);
      expect(rows.map((row) => row.at_ms).sort()).toEqual(kept.map(({ atMs }) => atMs).sort());
      for (const [index, query] of queries.entries()) {
        expect(await usageReport(storage, query)).toEqual(before[index] ?? []);
      }
    });

    test('an end of an hour whose rows are gone is widened to the hour, which is told', async () => {
      await using fixture = await testStorage(kind);
      const { storage } = fixture;
      const at = today - 5 * dayMs;
      await write(fixture, [ledgerEntry({ atMs: at + 1 }), ledgerEntry({ atMs: at + 1_800_000 })]);
      const span = { fromMs: at + 1_000, toMs: noon - 1 };
      expect(await answeredSpan(storage, span)).toEqual(span);
      expect(await usageReport(storage, { groupBy: [], ...span })).toMatchObject([{ calls: 1 }]);
      await maintained(fixture, { ledger: 3 }).maintenance.run();
      expect(await answeredSpan(storage, span)).toEqual({ fromMs: at, toMs: noon - 1 });
      expect(await usageReport(storage, { groupBy: [], ...span })).toMatchObject([{ calls: 2 }]);
    });

    test('sums go after their own days, and budgets keep two months of what was spent', async () => {
      await using fixture = await testStorage(kind);
      const { storage } = fixture;
      await write(fixture, [
        ledgerEntry({ atMs: noon - 70 * dayMs }),
        ledgerEntry({ atMs: noon - 40 * dayMs }),
        ledgerEntry({ atMs: noon }),
      ]);
      await maintained(fixture, { ledger: 5, usage: 30 }).maintenance.run();
      expect(await usageReport(storage, { groupBy: [] })).toMatchObject([{ calls: 1 }]);
      const spent = await storage.db.selectFrom('gateway_spend').select('day').distinct().execute();
      const days = spent.map(({ day }) => day - today / dayMs).sort((a, b) => a - b);
      expect(days).toEqual([-40, 0]);
    });

    test('the audit log is cut, and verifies', async () => {
      await using fixture = await testStorage(kind);
      let now = noon;
      const log = new AuditLog({ storage: fixture.storage, now: () => now });
      const event = { actor: 'zeke', action: 'a.b', objectKind: 'a', outcome: 'ok' } as const;
      for (const ago of [6, 5, 4, 1, 0]) {
        now = noon - ago * dayMs;
        await log.append({ ...event, detail: {} });
      }
      await maintained(fixture, {}).maintenance.run();
      const report = await verifyChain(log);
      expect(report).toMatchObject({ entries: 3, removed: 3 });
      expect(report.fault).toBeUndefined();
    });

    test('a clock that has jumped removes nothing', async () => {
      await using fixture = await testStorage(kind);
      await write(fixture, [ledgerEntry({ atMs: noon })]);
      const { maintenance, clock, logged } = maintained(fixture, { ledger: 3, usage: 3 });
      clock.now += 365 * dayMs;
      await maintenance.run();
      expect(logged.map(({ msg }) => msg)).toEqual([
        'the clock has jumped; nothing is removed for its age: if it is right, restart',
      ]);
      expect(await usageReport(fixture.storage, { groupBy: [] })).toMatchObject([{ calls: 1 }]);
      clock.monotonic += 365 * dayMs;
      await maintenance.run();
      expect(await fixture.storage.db.selectFrom('gateway_ledger').selectAll().execute()).toEqual(
        [],
      );
    });

    test('what fails is told, and the rest is done', async () => {
      await using fixture = await testStorage(kind);
      await write(fixture, [ledgerEntry({ atMs: noon - 9 * dayMs })]);
      const { maintenance, logged } = maintained(fixture, { ledger: 3 });
      await fixture.storage.db.schema.dropTable('gateway_writers').execute();
      await maintenance.run();
      expect(logged.map(({ name }) => name)).toEqual(['the writers']);
      expect(await fixture.storage.db.selectFrom('gateway_ledger').selectAll().execute()).toEqual(
        [],
      );
    });
  });
}

test.skipIf(storageKinds.some(({ kind, skip }) => kind === 'postgres' && skip))(
  'the partitions of the days to come are there before them, by several processes at once',
  async () => {
    await using fixture = await testStorage('postgres');
    const other = await fixture.open();
    await Promise.all(
      [fixture, { ...fixture, storage: other }].map((each) =>
        maintained(each, {}).maintenance.run(),
      ),
    );
    const { db } = fixture.storage.as<unknown>();
    for (const table of ['gateway_ledger', 'gateway_audit']) {
      const days = await listDayPartitions(db, table);
      expect(days).toEqual(Array.from({ length: 8 }, (_, ahead) => today / dayMs + ahead));
    }
  },
);
