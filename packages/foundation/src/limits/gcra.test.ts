import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { dividedUp, levelAfter, type RateOptions, rateOf, tokensLeft, usToDrain } from './gcra.ts';

test.each<[string, Partial<RateOptions>]>([
  ['limit', { limit: 0 }],
  ['limit', { limit: -20 }],
  ['limit', { limit: 1.5 }],
  ['limit', { limit: Number.NaN }],
  ['limit', { limit: Number.POSITIVE_INFINITY }],
  ['limit', { limit: 1_000_000_001 }],
  ['limit', { limit: '20' as unknown as number }],
  ['periodMs', { periodMs: 0 }],
  ['periodMs', { periodMs: 86_400_001 }],
  ['periodMs', { periodMs: Number.NaN }],
  ['burst', { burst: 0 }],
  ['burst', { burst: -1 }],
  ['burst', { burst: 2 ** 53 }],
  ['burst', { limit: 7, periodMs: 86_400_000, burst: 1_000_000 }],
])('%s is refused by name when it is wrong', (field, changes) => {
  expect(() => rateOf({ limit: 20, periodMs: 60_000, ...changes })).toThrow(
    new RegExp(`^rate limit: ${field}: `),
  );
});

test('a burst that is too large is told how large it may be', () => {
  const options = { limit: 7, periodMs: 86_400_000 };
  expect(() => rateOf({ ...options, burst: 60_000 })).toThrow('52124 are possible');
  expect(rateOf({ ...options, burst: 52_124 }).burst).toBe(52_124);
});

test('whole numbers stand for a rate without rounding', () => {
  expect(rateOf({ limit: 20, periodMs: 60_000, burst: 5 })).toEqual({
    limit: 20,
    burst: 5,
    unitsPerToken: 3_000_000,
    unitsPerUs: 1,
    capacity: 15_000_000,
    maxLevel: 615_000_000,
  });
  expect(rateOf({ limit: 7, periodMs: 1_000 })).toMatchObject({
    unitsPerToken: 1_000_000,
    unitsPerUs: 7,
  });
});

const rates = fc
  .record({
    limit: fc.integer({ min: 1, max: 2_000_000 }),
    periodMs: fc.integer({ min: 1, max: 3_600_000 }),
    burst: fc.integer({ min: 1, max: 500 }),
  })
  .map(rateOf);

test('levels and what follows from them are exact, as with numbers of any size', () => {
  const inputs = fc.tuple(rates, fc.nat(1_000_000_000), fc.nat(2 ** 40));
  fc.assert(
    fc.property(inputs, ([rate, share, elapsedUs]) => {
      const level = Math.floor((rate.maxLevel * share) / 1_000_000_000);
      const big = BigInt(level);
      const drained = BigInt(elapsedUs) * BigInt(rate.unitsPerUs);
      expect(BigInt(levelAfter(rate, level, elapsedUs))).toBe(big > drained ? big - drained : 0n);
      const room = BigInt(rate.capacity) - big;
      const left = room > 0n ? room / BigInt(rate.unitsPerToken) : 0n;
      expect(BigInt(tokensLeft(rate, level))).toBe(left);
      const perUs = BigInt(rate.unitsPerUs);
      expect(BigInt(usToDrain(rate, level))).toBe((big + perUs - 1n) / perUs);
    }),
    { numRuns: 1_000 },
  );
});

test('a quotient is rounded up, however large, also beside whole ones', () => {
  const divisors = fc.integer({ min: 1, max: 1_000_000_000 });
  const dividends = (divisor: number) => {
    const whole = fc.integer({ min: 1, max: Math.floor(Number.MAX_SAFE_INTEGER / divisor) - 1 });
    const beside = fc.tuple(whole, fc.integer({ min: -1, max: 1 }));
    return fc.oneof(
      fc.maxSafeNat(),
      beside.map(([times, off]) => times * divisor + off),
    );
  };
  const pairs = divisors.chain((b) => fc.tuple(dividends(b), fc.constant(b)));
  fc.assert(
    fc.property(pairs, ([a, b]) => {
      expect(BigInt(dividedUp(a, b))).toBe((BigInt(a) + BigInt(b) - 1n) / BigInt(b));
      expect(BigInt(Math.floor(a / b))).toBe(BigInt(a) / BigInt(b));
    }),
    { numRuns: 2_000 },
  );
});
