import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { type Rated, rate } from './rank.ts';

const rated = (more: Partial<Rated['figures']> & { cost?: number } = {}): Rated => {
  const { cost, ...figures } = more;
  return {
    costMicroUsd: cost,
    figures: {
      firstTokenMs: undefined,
      tokensPerSecond: undefined,
      errorRate: 0,
      attempts: 0,
      inFlight: 0,
      ...figures,
    },
  };
};

const best = (candidates: Rated[], intent?: 'code' | 'analysis' | 'explanation') => {
  const totals = rate(candidates, intent, undefined).map(({ total }) => total);
  return totals.indexOf(Math.max(...totals));
};

describe('candidates are marked against each other', () => {
  const quick = rated({ cost: 900, firstTokenMs: 100 });
  const cheap = rated({ cost: 100, firstTokenMs: 400 });

  test('by what the intent weighs most', () => {
    expect(best([quick, cheap], 'code')).toBe(0);
    expect(best([quick, cheap], 'explanation')).toBe(1);
  });

  test('by own weights', () => {
    const weights = { cost: 1, latency: 0, quality: 0, reliability: 0 };
    const [first, second] = rate([quick, cheap], 'code', weights);
    expect(second?.total).toBe(1);
    expect(first?.total).toBeCloseTo(100 / 900);
  });

  test('by how fast tokens follow, where that is known', () => {
    const latencies = (...all: Rated[]) =>
      rate(all, undefined, undefined).map(({ latency }) => latency);
    const soon = { firstTokenMs: 100 };
    expect(latencies(rated(soon), rated({ firstTokenMs: 200 }))).toEqual([1, 0.5]);
    const slow = rated({ ...soon, tokensPerSecond: 20 });
    expect(latencies(rated({ ...soon, tokensPerSecond: 80 }), slow)).toEqual([1, 0.625]);
    expect(latencies(slow, rated(soon))).toEqual([1, 0.75]);
    expect(latencies(rated({ tokensPerSecond: 80 }), rated({ tokensPerSecond: 20 }))).toEqual([
      1, 0.25,
    ]);
  });

  test('failures and load count against them', () => {
    expect(best([rated({ errorRate: 0.9 }), rated()])).toBe(1);
    expect(best([rated({ inFlight: 30 }), rated()])).toBe(1);
    const [busy] = rate([rated({ inFlight: 1_000_000 })], undefined, undefined);
    expect(busy?.loadPenalty).toBeLessThanOrEqual(0.2);
  });

  test('marks are shares, whatever is known', () => {
    const figure = fc.option(fc.double({ min: 0, max: 1e9, noNaN: true }), { nil: undefined });
    const one = fc.record({
      cost: figure,
      firstTokenMs: figure,
      tokensPerSecond: figure,
      errorRate: fc.double({ min: 0, max: 1, noNaN: true }),
      inFlight: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 6 }), (all) => {
        const candidates = all.map(({ cost, ...figures }) => ({
          ...rated(figures),
          costMicroUsd: cost,
        }));
        for (const score of rate(candidates, 'code', undefined)) {
          for (const mark of Object.values(score)) {
            expect(mark).toBeGreaterThanOrEqual(0);
            expect(mark).toBeLessThanOrEqual(1);
          }
        }
      }),
    );
  });
});
