import { describe, expect, test } from 'bun:test';
import type { StrategyName } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { ledgerEntry } from '../governance/testing/ledger-entry.ts';
import { LiveFigures } from './live-figures.ts';
import type { Candidate } from './model-catalog.ts';
import { Planner, type PlanRequest } from './plan.ts';

const candidate = (name: string, more: { local?: boolean; weight?: number } = {}): Candidate => {
  const { local = false, weight } = more;
  const provider = { name, local } as Candidate['provider'];
  return { provider, model: 'm', ...(weight === undefined ? {} : { weight }) };
};
const [a, b, c] = ['a', 'b', 'c'].map((name) => candidate(name)) as [
  Candidate,
  Candidate,
  Candidate,
];
const entry = ledgerEntry({ streamed: true, latencyMs: 1_000 });

/** A planner whose prices and chances the test knows. */
function bench(costs: Record<string, number | undefined> = {}, random = () => 0) {
  const figures = new LiveFigures({
    breaker: { failures: 5, windowMs: 60_000, openMs: 30_000 },
    onAccount: () => undefined,
    now: () => 0,
  });
  const planner = new Planner({
    figures,
    costs: async (candidates) => candidates.map(({ provider }) => costs[provider.name]),
    random,
    now: () => 0,
  });
  const plan = async (strategy: StrategyName, more: Partial<PlanRequest> = {}) => {
    const { atOnce, candidates, staggerMs } = await planner.plan({
      model: 'name',
      alias: { strategy, candidates: [] },
      routing: undefined,
      candidates: [a, b, c],
      privacy: { preferLocalFor: [] },
      ...more,
    });
    return { atOnce, staggerMs, order: candidates.map(({ provider }) => provider.name).join('') };
  };
  const begin = (of: Candidate) => {
    const attempt = figures.begin(of);
    if (attempt instanceof RpcError) throw attempt;
    return attempt;
  };
  return { begin, plan, planner };
}

describe('who is asked', () => {
  test('fallback keeps the order of the list', async () => {
    expect((await bench({ a: 9, b: 1 }).plan('fallback')).order).toBe('abc');
  });

  test('least_cost begins with the cheapest, and ends with whose price nobody knows', async () => {
    expect((await bench({ a: 9, c: 1 }).plan('least_cost')).order).toBe('cab');
  });

  test('least_latency begins with who was never asked, then with the soonest first token', async () => {
    const { begin, plan } = bench();
    begin(a).end({ ...entry, firstTokenMs: 300 }, undefined);
    begin(b).end({ ...entry, firstTokenMs: 100 }, undefined);
    expect((await plan('least_latency')).order).toBe('cba');
    begin(c).end({ ...entry, firstTokenMs: 200 }, undefined);
    expect((await plan('least_latency')).order).toBe('bca');
  });

  test('least_busy begins with the fewest requests under way', async () => {
    const { begin, plan } = bench();
    begin(a);
    const first = begin(b);
    begin(b);
    expect((await plan('least_busy')).order).toBe('cab');
    begin(c);
    begin(c);
    first.end(entry, undefined);
    expect((await plan('least_busy')).order).toBe('abc');
  });

  test('round_robin begins with the next each time, but for a plan that is only looked at', async () => {
    const { plan } = bench();
    const orders: string[] = [];
    for (const isDry of [true, false, false, true, false, false]) {
      orders.push((await plan('round_robin', { isDry })).order);
    }
    expect(orders).toEqual(['abc', 'abc', 'bca', 'cab', 'cab', 'abc']);
  });

  test('weighted gives each its share, and asks the others after it', async () => {
    let step = 0;
    const { plan } = bench({}, () => ((step++ * 7 + 3) % 40) / 40);
    const candidates = [candidate('x', { weight: 3 }), candidate('y')];
    const firsts = { xy: 0, yx: 0 };
    for (let i = 0; i < 40; i++) {
      const { order } = await plan('weighted', { candidates });
      firsts[order as keyof typeof firsts]++;
    }
    expect(firsts).toEqual({ xy: 30, yx: 10 });
  });

  test('single begins with the best-ranked, whose calls under way count against it', async () => {
    const { begin, plan } = bench({ a: 100, b: 90, c: 400 });
    expect((await plan('single')).order).toBe('bac');
    for (let i = 0; i < 30; i++) begin(b);
    expect((await plan('single')).order).toBe('abc');
  });

  test('who lacks something comes last, and takes no part in a race', async () => {
    const lack = ({ provider }: Candidate) => (provider.name === 'b' ? 'vision' : undefined);
    const { plan } = bench({ a: 9, b: 1, c: 10 });
    expect(await plan('race', { lack, routing: { k: 3 } })).toMatchObject({ atOnce: 2 });
    expect((await plan('single', { lack })).order).toEndWith('b');
  });
});

describe('how many, and when', () => {
  test('two race, three are merged, or as many as the alias or the request says', async () => {
    const { plan } = bench();
    expect(await plan('race')).toMatchObject({ atOnce: 2, staggerMs: 0 });
    expect(await plan('parallel_merge')).toMatchObject({ atOnce: 3 });
    expect(await plan('single')).toMatchObject({ atOnce: 1 });
    const alias = { strategy: 'race', candidates: [], k: 3 } as const;
    expect(await plan('race', { alias })).toMatchObject({ atOnce: 3 });
    expect(await plan('race', { alias, routing: { k: 1 } })).toMatchObject({ atOnce: 1 });
    expect(await plan('race', { routing: { k: 8 } })).toMatchObject({ atOnce: 3 });
  });

  test('speculation begins with a local or the cheapest one, and the best follows', async () => {
    const { plan } = bench({ a: 9, b: 1, c: 400 });
    expect(await plan('speculate_k')).toEqual({ atOnce: 2, staggerMs: 200, order: 'bca' });
    const here = candidate('here', { local: true });
    const candidates = [a, b, here];
    expect((await plan('speculate_k', { candidates })).order).toBe('hereab');
    const code = await plan('speculate_k', { routing: { intent: 'code' } });
    expect(code.staggerMs).toBe(150);
    const alias = { strategy: 'speculate_k', candidates: [], delayMs: 120 } as const;
    expect(await plan('speculate_k', { alias })).toMatchObject({ staggerMs: 120 });
  });

  test('who answered a session is asked first and alone', async () => {
    const { plan, planner } = bench();
    planner.answered(c, 's');
    expect(await plan('race', { session: 's' })).toMatchObject({ atOnce: 1, order: 'cab' });
    expect(await plan('race', { session: 'other' })).toMatchObject({ atOnce: 2, order: 'abc' });
  });

  test('nobody that the request names is a fault of the request', async () => {
    await expect(bench().plan('single', { routing: { providers: ['d'] } })).rejects.toThrow(
      'omen.providers: d cannot be asked for name, only a/m, b/m, c/m',
    );
  });
});
