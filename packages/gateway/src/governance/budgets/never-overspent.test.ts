import { expect, test } from 'bun:test';
import type { Storage } from '@zeke/foundation';
import fc from 'fast-check';
import type { GatewayTables } from '../tables.ts';
import { attempt, budgets, Excess, idOf, noon, prices, run } from '../testing/random-spending.ts';
import { type TestBudgets, testBudgets } from '../testing/test-budgets.ts';
import { testStorage } from '../testing/test-storage.ts';
import type { BudgetStatus } from './budget.ts';

const atOnce = 200;

test('no budget is overspent by more than answers went beyond what was held for them', async () => {
  const seen = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(
      fc.array(attempt, { minLength: atOnce, maxLength: atOnce }),
      budgets,
      async (attempts, limits) => {
        await using fixture = await testStorage('sqlite');
        const { storage } = fixture;
        const parts = await testBudgets({ storage, prices, now: () => noon });
        for (const { id, ...limit } of limits) {
          await parts.budgets.set({ ...limit, id: idOf(limit.kind, id), createdAtMs: noon });
        }
        const excess = new Excess();
        const ends = await Promise.all(attempts.map((each) => run(parts, each, excess)));
        for (const end of ends) seen.set(end, (seen.get(end) ?? 0) + 1);
        for (const budget of await parts.budgets.list()) expect(budget.reservedMicroUsd).toBe(0);
        await expectLasting(parts, storage);
      },
    ),
    { numRuns: 8, seed: 20_261_121 },
  );
  for (const end of ['ok', 'error', 'canceled', 'unmetered', 'refused', 'stopped']) {
    expect(seen.get(end)).toBeGreaterThan(0);
  }
});

/** What is known in memory is what another process reads from the database. */
async function expectLasting(
  { budgets: live, ledger }: TestBudgets,
  storage: Storage<GatewayTables>,
): Promise<void> {
  await ledger.flush();
  const again = await testBudgets({ storage, prices, now: () => noon });
  const spentOf = async ({ list }: { list(): Promise<BudgetStatus[]> }) =>
    (await list()).map(({ kind, id, period, mode, spentMicroUsd }) =>
      [kind, id, period, mode, spentMicroUsd].join(' '),
    );
  const inMemory = await spentOf({ list: () => live.list() });
  const inDatabase = await spentOf({ list: () => again.budgets.list() });
  expect(inDatabase.sort()).toEqual(inMemory.sort());
}
