import { describe, expect, test } from 'bun:test';
import type { RedisLink } from '@zeke/foundation/redis';
import { skipsWithout } from '@zeke/foundation/testing';
import fc from 'fast-check';
import { defaultReplicaTiming } from '../../replicas/replicas.ts';
import { SharedRedis } from '../../testing/shared-redis.ts';
import {
  attempt,
  budgets,
  Excess,
  expectKept,
  idOf,
  noon,
  prices,
  run,
} from '../testing/random-spending.ts';
import { type TestBudgets, testBudgets } from '../testing/test-budgets.ts';
import { testStorage } from '../testing/test-storage.ts';
import type { BudgetStatus } from './budget.ts';

const atOnce = 200;
const replicas = 3;
/** Changes, after which all budgets are looked at, as one of the replicas knows them. */
const looksEvery = 10;
const isSkipped = skipsWithout('redis-server') || skipsWithout('postgresql');

describe.skipIf(isSkipped)('three replicas over one Redis and one PostgreSQL', () => {
  test('overspend no budget by more than answers went beyond what was held for them', async () => {
    const seen = new Map<string, number>();
    await using database = await testStorage('postgres');
    await fc.assert(
      fc.asyncProperty(
        fc.array(attempt, { minLength: atOnce, maxLength: atOnce }),
        budgets,
        async (attempts, limits) => {
          await using redis = await SharedRedis.start();
          await database.storage.db.deleteFrom('gateway_budgets').execute();
          await database.storage.db.deleteFrom('gateway_spend').execute();
          const all: { parts: TestBudgets; link: RedisLink }[] = [];
          for (let index = 0; index < replicas; index++) {
            const { replicas: joined } = await redis.join({
              timing: defaultReplicaTiming,
              timeoutMs: 10_000,
            });
            const storage = await database.open();
            const parts = await testBudgets({ storage, prices, now: () => noon, replicas: joined });
            all.push({ parts, link: joined.link });
          }
          const first = (all[0] as (typeof all)[0]).parts;
          for (const { id, ...limit } of limits) {
            await first.budgets.set({ ...limit, id: idOf(limit.kind, id), createdAtMs: noon });
          }
          const excess = new Excess();
          let changes = 0;
          const keeps: typeof expectKept = async (parts, known) => {
            changes++;
            if (changes % looksEvery === 0) await expectKept(parts, known);
          };
          const ended = Promise.all(
            attempts.map((each, index) => {
              const { link, parts } = all[index % replicas] as (typeof all)[0];
              // What was asked before is answered before.
              const turn = async () => void (await link.send('PING'));
              return run(parts, each, excess, { turn, keeps });
            }),
          );
          const ends = await ended;
          for (const end of ends) seen.set(end, (seen.get(end) ?? 0) + 1);
          await expectSame(all.map(({ parts }) => parts));
        },
      ),
      { numRuns: 3, seed: 20_261_122, endOnFailure: true },
    );
    for (const end of ['ok', 'error', 'canceled', 'unmetered', 'refused', 'stopped']) {
      expect(seen.get(end)).toBeGreaterThan(0);
    }
  });
});

/** What all know, and what a process reads from the database that knows nothing else. */
async function expectSame(all: readonly TestBudgets[]): Promise<void> {
  for (const { ledger } of all) await ledger.flush();
  const spentOf = (list: readonly BudgetStatus[]) =>
    list
      .map(({ id, kind, mode, period, spentMicroUsd }) =>
        [kind, id, period, mode, spentMicroUsd].join(' '),
      )
      .sort();
  const lists = await Promise.all(all.map(({ budgets: shared }) => shared.list()));
  for (const list of lists) {
    for (const { reservedMicroUsd } of list) expect(reservedMicroUsd).toBe(0);
    expect(spentOf(list)).toEqual(spentOf(lists[0] ?? []));
  }
}
