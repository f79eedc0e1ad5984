import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { skipsWithout } from '@zeke/foundation/testing';
import {
  deafAfterMs,
  mortalTiming,
  SharedRedis,
  type TestReplica,
  until,
  whenLink,
} from '../../testing/shared-redis.ts';
import { ledgerEntry } from '../testing/ledger-entry.ts';
import { type TestBudgets, testBudgets } from '../testing/test-budgets.ts';
import { testStorage } from '../testing/test-storage.ts';
import type { Hold } from './hold.ts';

// What goes by time takes some seconds, and more on a busy machine.
setDefaultTimeout(60_000);

const noon = Date.UTC(2026, 10, 21, 12);
/** Held for each request; $1 for a million tokens. */
const cost = 1_000;

/** One process of several. */
interface Spender extends TestBudgets {
  readonly replica: TestReplica;
}

/** Processes over one database and one Redis, with a budget of `limit` a day for the team `t`. */
async function spenders(
  count: number,
  limitMicroUsd: number,
  options: Parameters<SharedRedis['join']>[0] = {},
) {
  const stack = new AsyncDisposableStack();
  const redis = stack.use(await SharedRedis.start());
  const database = stack.use(await testStorage('sqlite'));
  const all: Spender[] = [];
  for (let index = 0; index < count; index++) {
    const replica = await redis.join(options);
    const storage = await database.open();
    const { replicas } = replica;
    all.push({ ...(await testBudgets({ storage, now: () => noon, replicas })), replica });
  }
  await until(() => all.every(({ replica }) => replica.replicas.count === count));
  await all[0]?.budgets.set({
    kind: 'team',
    id: 't',
    period: 'day',
    mode: 'hard',
    limitMicroUsd,
    createdAtMs: noon,
  });
  return {
    redis,
    all: all as [Spender, Spender, ...Spender[]],
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const spender = { teamId: 't', provider: 'p', model: 'cheap', pricing: undefined };

/** Holds for one request; undefined where there is no room. */
async function hold({ budgets }: Spender): Promise<Hold | undefined> {
  const bound = { input: cost, output: 0, caches: false, media: false };
  const request = { ...spender, atMs: noon, bound: () => bound, countInput: async () => cost };
  try {
    return await budgets.hold(request);
  } catch {
    return undefined;
  }
}

function settle({ budgets, ledger }: Spender, held: Hold, used = cost): void {
  const entry = ledgerEntry({ ...spender, atMs: noon, usage: { input: used, output: 0 } });
  budgets.settle(held, entry);
  ledger.record(entry);
}

/** Spends as often as there is room for, so many times at most. */
async function spend(by: Spender, times: number): Promise<number> {
  let spent = 0;
  for (let index = 0; index < times; index++) {
    const held = await hold(by);
    if (!held) continue;
    settle(by, held);
    spent++;
  }
  return spent;
}

async function usedOf({ budgets }: Spender) {
  const [status] = await budgets.list();
  return { spent: status?.spentMicroUsd, held: status?.reservedMicroUsd };
}

const lost = (all: readonly Spender[]) =>
  Promise.all(all.map(({ replica }) => whenLink(replica.replicas, 'onDown')));

describe.skipIf(skipsWithout('redis-server'))('budgets that replicas share', () => {
  test('free what a replica held that died, when it was not heard of for its lease', async () => {
    await using shared = await spenders(2, 2 * cost, { timing: mortalTiming });
    const [first, second] = shared.all;
    expect([await hold(first), await hold(first)].every(Boolean)).toBe(true);
    expect(await hold(second)).toBeUndefined();
    await first.replica.crash();
    await until(async () => (await hold(second)) !== undefined);
  });

  test('are parted while Redis is deaf, spend no more together, and know all when it is back', async () => {
    await using shared = await spenders(3, 10 * cost, { timeoutMs: deafAfterMs });
    const [first, second, third] = shared.all as unknown as [Spender, Spender, Spender];
    expect(await spend(first, 1)).toBe(1);
    const held = (await hold(second)) as Hold;
    await shared.redis.server.signal('SIGSTOP');
    const down = lost(shared.all);
    const spent = await Promise.all([spend(first, 9), spend(second, 9), spend(third, 9)]);
    await down;
    // Of what was left, 8 or 9 (who had not heard of the last hold), a third for each; less for who
    // is late, and reads in the database what the others have spent meanwhile.
    for (const each of spent) expect(each).toBeLessThanOrEqual(3);
    const sum = spent.reduce((total, each) => total + each, 0);
    expect(sum).toBeGreaterThanOrEqual(4);
    expect(sum + 2).toBeLessThanOrEqual(10 + 1);
    settle(second, held);
    await shared.redis.server.signal('SIGCONT');
    await until(async () => {
      const known = await Promise.all(shared.all.map(usedOf));
      return known.every((each) => each.spent === (sum + 2) * cost && each.held === 0);
    });
    expect(await spend(third, 9)).toBe(Math.max(0, 8 - sum));
  });

  test('are put together again when Redis was emptied under load: nothing is spent twice', async () => {
    await using shared = await spenders(2, 10 * cost);
    const [first, second] = shared.all;
    expect(await spend(first, 3)).toBe(3);
    const held = (await hold(second)) as Hold;
    await shared.redis.command('FLUSHALL');
    // Until all have said what they hold, each has half of what was left; then all of it.
    let spent = 3;
    await until(async () => {
      spent += (await spend(second, 9)) + (await spend(first, 9));
      return spent >= 9;
    });
    expect(spent).toBe(9);
    settle(second, held);
    for (const { ledger } of shared.all) await ledger.flush();
    for (const each of shared.all) {
      await until(async () => (await usedOf(each)).spent === 10 * cost);
    }
    expect(await hold(first)).toBeUndefined();
  });

  test('go on when the server ended and began anew', async () => {
    await using shared = await spenders(2, 4 * cost);
    const [first, second] = shared.all;
    expect(await spend(first, 1)).toBe(1);
    await first.ledger.flush();
    const down = lost(shared.all);
    await shared.redis.server.kill();
    await down;
    expect(await spend(second, 9)).toBe(1);
    await shared.redis.server.restart();
    await until(async () => (await usedOf(first)).spent === 2 * cost);
    expect((await spend(first, 9)) + (await spend(second, 9))).toBeLessThanOrEqual(2);
    await until(
      async () => (await spend(first, 1)) === 1 || (await usedOf(first)).spent === 4 * cost,
    );
    expect((await usedOf(second)).spent).toBeLessThanOrEqual(4 * cost);
  });
});
