import { describe, expect, test } from 'bun:test';
import { RpcError } from '@zeke/rpc';
import { apiErrorInfo } from '../../neutral/api-error.ts';
import { ledgerEntry } from '../testing/ledger-entry.ts';
import { testBudgets } from '../testing/test-budgets.ts';
import { storageKinds, testStorage } from '../testing/test-storage.ts';
import type { Budget } from './budget.ts';
import type { SpendRequest } from './budgets.ts';

const noon = Date.UTC(2026, 10, 21, 12);
const dayMs = 86_400_000;

function budget(changes: Partial<Budget> = {}): Budget {
  return {
    kind: 'key',
    id: 'key_1',
    period: 'day',
    mode: 'hard',
    limitMicroUsd: 10_000,
    createdAtMs: noon,
    ...changes,
  };
}

/** At most 1,000 tokens in and 1,000 out of `cheap`: $0.005. */
function request(changes: Partial<SpendRequest> = {}): SpendRequest {
  return {
    keyId: 'key_1',
    provider: 'rack',
    model: 'cheap',
    pricing: undefined,
    atMs: noon,
    bound: () => ({ input: 1_000, output: 1_000, caches: false, media: false }),
    countInput: async () => 1_000,
    ...changes,
  };
}

/** What the attempt of `request` turned out to be. */
function entry(usage: { input: number; output: number }, changes = {}) {
  return ledgerEntry({
    keyId: 'key_1',
    orgId: undefined,
    teamId: undefined,
    userId: undefined,
    provider: 'rack',
    pricing: undefined,
    model: 'cheap',
    atMs: noon,
    usage,
    ...changes,
  });
}

async function refusal(work: unknown): Promise<RpcError> {
  try {
    await work;
  } catch (reason) {
    return RpcError.from(reason);
  }
  throw new Error('it was not refused');
}

for (const { kind, skip } of storageKinds) {
  describe.skipIf(skip)(`budgets on ${kind}`, () => {
    test('an attempt holds its worst case, and is charged what it cost', async () => {
      await using fixture = await testStorage(kind);
      const { budgets } = await testBudgets({ storage: fixture.storage, now: () => noon });
      await budgets.set(budget());
      const hold = await budgets.hold(request());
      expect((await budgets.list())[0]).toMatchObject({
        spentMicroUsd: 0,
        reservedMicroUsd: 5_000,
      });
      const used = entry({ input: 100, output: 50 });
      budgets.settle(hold as NonNullable<typeof hold>, used);
      expect(used.charge).toBe(300);
      expect((await budgets.list())[0]).toMatchObject({
        spentMicroUsd: 300,
        reservedMicroUsd: 0,
        freesAtMs: Date.UTC(2026, 10, 22),
      });
    });

    test('a restart forgets nothing of this month, and days begin anew', async () => {
      await using fixture = await testStorage(kind);
      const { storage } = fixture;
      const before = await testBudgets({ storage, now: () => noon });
      for (const period of ['day', 'month'] as const) await before.budgets.set(budget({ period }));
      for (const atMs of [noon - dayMs, noon]) {
        const hold = await before.budgets.hold(request({ atMs }));
        const used = entry({ input: 1_000, output: 0 }, { atMs });
        before.budgets.settle(hold as NonNullable<typeof hold>, used);
        before.ledger.record(used);
      }
      await before.ledger.flush();
      const after = await testBudgets({ storage, now: () => noon });
      const spent = (await after.budgets.list()).map((each) => [each.period, each.spentMicroUsd]);
      expect(Object.fromEntries(spent)).toEqual({ day: 1_000, month: 2_000 });
      expect(spent).toEqual(
        (await before.budgets.list()).map((each) => [each.period, each.spentMicroUsd]),
      );
      const nextMonth = await testBudgets({ storage, now: () => Date.UTC(2026, 11, 1) });
      expect((await nextMonth.budgets.list()).map((each) => each.spentMicroUsd)).toEqual([0, 0]);
    });

    test('a budget that is made later knows what was spent before, once', async () => {
      await using fixture = await testStorage(kind);
      const { budgets, ledger } = await testBudgets({ storage: fixture.storage, now: () => noon });
      ledger.record(entry({ input: 1_000, output: 0 }));
      await budgets.set(budget());
      expect((await budgets.list())[0]).toMatchObject({ spentMicroUsd: 1_000 });
      // Began before there was a budget of the provider, and ends after.
      const hold = await budgets.hold(request());
      await budgets.set(budget({ kind: 'provider', id: 'rack' }));
      const used = entry({ input: 500, output: 0 });
      budgets.settle(hold as NonNullable<typeof hold>, used);
      ledger.record(used);
      // Ended while there was none of the tag, and is not written yet.
      const tagged = entry({ input: 20, output: 0 }, { tags: ['a'] });
      const heldToo = await budgets.hold(request({ tags: ['a'] }));
      budgets.settle(heldToo as NonNullable<typeof heldToo>, tagged);
      ledger.record(tagged);
      await budgets.set(budget({ kind: 'tag', id: 'a' }));
      await ledger.flush();
      const spent = (await budgets.list()).map((each) => [each.kind, each.spentMicroUsd]);
      expect(Object.fromEntries(spent)).toEqual({ key: 1_520, provider: 1_520, tag: 20 });
    });

    test('setting replaces, removing takes away, and both last', async () => {
      await using fixture = await testStorage(kind);
      const { storage } = fixture;
      const { budgets } = await testBudgets({ storage, now: () => noon });
      await budgets.set(budget());
      await budgets.set(budget({ limitMicroUsd: 1 }));
      await budgets.set(budget({ mode: 'soft' }));
      const again = await testBudgets({ storage, now: () => noon });
      expect((await again.budgets.list()).map((each) => each.limitMicroUsd).sort()).toEqual([
        1, 10_000,
      ]);
      await budgets.remove(budget());
      expect(await refusal(budgets.remove(budget()))).toMatchObject({ code: 'not_found' });
      await budgets.remove(budget({ mode: 'soft' }));
      expect(budgets.isIdle).toBe(true);
      const gone = await testBudgets({ storage, now: () => noon });
      expect(await gone.budgets.hold(request())).toBeUndefined();
      expect(gone.budgets.isIdle).toBe(true);
    });
  });
}

describe('what does not fit', () => {
  test('is refused with who, how much, and when it frees up', async () => {
    await using fixture = await testStorage('sqlite');
    const { budgets, ledger } = await testBudgets({ storage: fixture.storage, now: () => noon });
    ledger.record(entry({ input: 9_000, output: 0 }));
    await budgets.set(budget());
    const error = await refusal(budgets.hold(request()));
    expect(error).toMatchObject({
      code: 'resource_exhausted',
      retryable: false,
      message:
        "the day's budget of key key_1 is $0.01, with $0.009 spent and $0.00 held by requests under way, and this request may cost $0.005: it frees up at 2026-11-22T00:00:00Z",
    });
    expect(apiErrorInfo(error)).toMatchObject({
      reason: 'insufficient_quota',
      retryAfterMs: 12 * 3_600_000,
    });
  });

  test('for what others hold is refused for a moment', async () => {
    await using fixture = await testStorage('sqlite');
    const { budgets } = await testBudgets({ storage: fixture.storage, now: () => noon });
    await budgets.set(budget({ limitMicroUsd: 7_000 }));
    const hold = await budgets.hold(request());
    const error = await refusal(budgets.hold(request()));
    expect(error.message).toEndWith(
      'it frees up as those end, at the latest at 2026-11-22T00:00:00Z',
    );
    expect(apiErrorInfo(error)).toMatchObject({
      reason: 'rate_limit_exceeded',
      retryAfterMs: 1_000,
    });
    hold?.release();
    expect(await budgets.hold(request())).toBeDefined();
  });

  test('at one level is refused, and nothing is held at the others', async () => {
    await using fixture = await testStorage('sqlite');
    const { budgets } = await testBudgets({ storage: fixture.storage, now: () => noon });
    const levels = [
      ['org', 'org_1', { orgId: 'org_1' }],
      ['team', 'team_1', { teamId: 'team_1' }],
      ['user', 'user_1', { userId: 'user_1' }],
      ['provider', 'rack', {}],
      ['tag', 'project=x', { tags: ['project=x'] }],
    ] as const;
    await budgets.set(budget());
    for (const [kind, id, fields] of levels) {
      const level = budget({ kind, id, period: 'month', limitMicroUsd: 4_999 });
      await budgets.set(level);
      const error = await refusal(budgets.hold(request(fields)));
      expect(error.message).toStartWith(`the month's budget of ${kind} ${id} is $0.004999`);
      await budgets.remove(level);
    }
    expect((await budgets.list()).map((each) => each.reservedMicroUsd)).toEqual([0]);
  });

  test('for its own size is told so, and is not to be asked again', async () => {
    await using fixture = await testStorage('sqlite');
    const { budgets } = await testBudgets({ storage: fixture.storage, now: () => noon });
    await budgets.set(budget({ period: 'request', limitMicroUsd: 4_999 }));
    const error = await refusal(budgets.hold(request()));
    expect(error.message).toContain('is $0.004999 a request, and this one may cost $0.005');
    expect(apiErrorInfo(error)).toMatchObject({ status: 402, reason: 'request_over_budget' });
  });

  test('by a bound may fit when its tokens are counted', async () => {
    await using fixture = await testStorage('sqlite');
    const { budgets } = await testBudgets({ storage: fixture.storage, now: () => noon });
    await budgets.set(budget({ limitMicroUsd: 4_600 }));
    const counted: number[] = [];
    const countInput = async () => {
      counted.push(400);
      return 400;
    };
    const hold = await budgets.hold(request({ countInput }));
    expect(hold?.amountMicroUsd).toBe(4_600);
    hold?.release();
    await budgets.set(budget({ limitMicroUsd: 3_999 }));
    // Its output alone is too much: counting would not help.
    await refusal(budgets.hold(request({ countInput })));
    expect(counted).toHaveLength(1);
  });

  test('for a price that nobody knows is refused under a hard budget, unless told otherwise', async () => {
    await using fixture = await testStorage('sqlite');
    const { budgets } = await testBudgets({ storage: fixture.storage, now: () => noon });
    await budgets.set(budget({ mode: 'soft' }));
    const unknown = request({ model: 'qwen' });
    (await budgets.hold(unknown))?.release();
    await budgets.set(budget());
    expect((await refusal(budgets.hold(unknown))).message).toContain('set prices."rack/qwen"');
    budgets.settings = { ...budgets.settings, unpriced: 'allow' };
    expect(await budgets.hold(unknown)).toBeDefined();
  });

  test('costs nothing, and so always fits', async () => {
    await using fixture = await testStorage('sqlite');
    const { budgets } = await testBudgets({ storage: fixture.storage, now: () => noon });
    await budgets.set(budget({ limitMicroUsd: 0 }));
    const { bound: _, ...free } = request();
    expect(await budgets.hold(free)).toBeDefined();
    await refusal(budgets.hold(request()));
  });
});

test('a soft budget warns the caller every time, and operators once a window', async () => {
  await using fixture = await testStorage('sqlite');
  let now = noon;
  const { budgets, events, metrics } = await testBudgets({
    storage: fixture.storage,
    now: () => now,
  });
  await budgets.set(budget({ mode: 'soft', limitMicroUsd: 7_000 }));
  expect((await budgets.hold(request()))?.warning).toBeUndefined();
  for (const _ of [1, 2]) {
    expect((await budgets.hold(request()))?.warning).toStartWith(
      'soft budget of key key_1: $0.007 a day, $0.01',
    );
  }
  expect(events).toEqual([
    {
      id: expect.stringMatching(/^evt_[\da-f]{32}$/),
      type: 'budget.warning',
      at: '2026-11-21T12:00:00.000Z',
      budget: { kind: 'key', id: 'key_1', period: 'day', mode: 'soft', limit_micro_usd: 7_000 },
      spent_micro_usd: 0,
      reserved_micro_usd: 10_000,
      frees_at: '2026-11-22T00:00:00.000Z',
    },
  ]);
  now += dayMs;
  for (const _ of [1, 2]) await budgets.hold(request({ atMs: now }));
  expect(events).toHaveLength(2);
  expect(await metrics.text()).toContain(
    'gateway_budget_warnings_total{kind="key",period="day"} 3',
  );
});

test('a clock that is set back finds what was spent then', async () => {
  await using fixture = await testStorage('sqlite');
  const { budgets } = await testBudgets({ storage: fixture.storage, now: () => noon });
  await budgets.set(budget());
  for (const atMs of [noon, noon + 400 * dayMs]) {
    const hold = await budgets.hold(request({ atMs }));
    const used = entry({ input: 6_000, output: 0 }, { atMs });
    budgets.settle(hold as NonNullable<typeof hold>, used);
  }
  for (const atMs of [noon, noon + 400 * dayMs]) await refusal(budgets.hold(request({ atMs })));
});

test('a stream takes hold of more as it grows, until there is no room', async () => {
  await using fixture = await testStorage('sqlite');
  const { budgets } = await testBudgets({ storage: fixture.storage, now: () => noon });
  await budgets.set(budget());
  const hold = await budgets.hold(request());
  expect(hold?.check(1_000)).toBeUndefined();
  expect(hold?.amountMicroUsd).toBe(5_000);
  expect(hold?.check(1_001)).toBeUndefined();
  expect(hold?.amountMicroUsd).toBe(1_000 + 4 * (1_001 + 256));
  expect(hold?.check(2_240)).toBeUndefined();
  expect((await budgets.list())[0]?.reservedMicroUsd).toBe(1_000 + 4 * 2_240);
  expect(hold?.check(2_251)?.message).toMatch(
    /^the answer was stopped: the day's budget of key key_1/,
  );
  hold?.release();
  expect((await budgets.list())[0]?.reservedMicroUsd).toBe(0);
});

test('a use of which a part has no price is charged what it may have cost', async () => {
  await using fixture = await testStorage('sqlite');
  const prices = { half: { input: 1 }, none: {} };
  const { budgets } = await testBudgets({ storage: fixture.storage, now: () => noon, prices });
  await budgets.set(budget());
  const hold = await budgets.hold(request({ model: 'half' }));
  const used = entry({ input: 10, output: 10 }, { model: 'half' });
  budgets.settle(hold as NonNullable<typeof hold>, used);
  expect(used.charge).toBe(1_000);
  expect((await refusal(budgets.hold(request({ model: 'none' })))).message).toContain(
    'the price of rack/none is not known',
  );
});

test('an answer that cannot be metered is charged what it may have cost, a failure nothing', async () => {
  await using fixture = await testStorage('sqlite');
  const { budgets } = await testBudgets({ storage: fixture.storage, now: () => noon });
  await budgets.set(budget());
  for (const [outcome, charge] of [
    ['ok', 5_000],
    ['error', 0],
  ] as const) {
    const hold = await budgets.hold(request());
    const used = entry({ input: 0, output: 0 }, { metered: false, outcome });
    budgets.settle(hold as NonNullable<typeof hold>, used);
    expect(used.charge).toBe(charge);
  }
});
