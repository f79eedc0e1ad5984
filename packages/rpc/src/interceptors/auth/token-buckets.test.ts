import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { TokenBuckets } from './token-buckets.ts';

test('a burst goes at once, then one for each token that comes back', () => {
  const buckets = new TokenBuckets({ perSecond: 2, burst: 3 }, 10);
  expect([1, 2, 3, 4].map(() => buckets.take('ada', 0))).toEqual([0, 0, 0, 500]);
  expect(buckets.take('ada', 250)).toBe(250);
  expect(buckets.take('ada', 500)).toBe(0);
  expect(buckets.take('ada', 500)).toBe(500);
});

test('each name has a bucket of its own', () => {
  const buckets = new TokenBuckets({ perSecond: 1 }, 10);
  expect([buckets.take('ada', 0), buckets.take('grace', 0)]).toEqual([0, 0]);
  expect(buckets.take('ada', 0)).toBe(1000);
});

test('a clock that goes back gives nothing and takes nothing', () => {
  const buckets = new TokenBuckets({ perSecond: 1 }, 10);
  expect(buckets.take('ada', 5_000)).toBe(0);
  expect(buckets.take('ada', 0)).toBe(1_000);
  expect(buckets.take('ada', 6_000)).toBe(0);
});

test('a full table forgets a bucket at rest before one in use', () => {
  const buckets = new TokenBuckets({ perSecond: 1 }, 2);
  buckets.take('busy', 900);
  buckets.take('resting', 0);
  buckets.take('new', 1_000);
  expect(buckets.size).toBe(2);
  expect(buckets.take('busy', 1_000)).toBeGreaterThan(0);
});

test.each([
  { perSecond: 0 },
  { perSecond: -1 },
  { perSecond: Number.NaN },
  { perSecond: 1, burst: 0.5 },
])('a rate that lets nothing through is refused: %o', (rate) => {
  expect(() => new TokenBuckets(rate, 10)).toThrow('rate limit');
});

test('over any time a name gets no more than its burst and its rate, and the table stays bounded', () => {
  const take = fc.record({ name: fc.constantFrom('a', 'b', 'c'), afterMs: fc.nat(400) });
  fc.assert(
    fc.property(fc.array(take, { maxLength: 200 }), (takes) => {
      const buckets = new TokenBuckets({ perSecond: 5, burst: 4 }, 3);
      const taken = new Map<string, number>();
      let now = 0;
      for (const { name, afterMs } of takes) {
        now += afterMs;
        if (buckets.take(name, now) === 0) taken.set(name, (taken.get(name) ?? 0) + 1);
      }
      expect(buckets.size).toBeLessThanOrEqual(3);
      for (const count of taken.values()) expect(count).toBeLessThanOrEqual(4 + (now * 5) / 1000);
    }),
    { numRuns: 200 },
  );
});

test('names that are never seen again leave nothing behind', () => {
  const buckets = new TokenBuckets({ perSecond: 1 }, 100);
  for (let i = 0; i < 10_000; i++) buckets.take(`caller ${i}`, 0);
  expect(buckets.size).toBe(100);
});
