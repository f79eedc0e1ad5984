import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { backoffMs } from './backoff.ts';

const backoff = { initialMs: 100, maxMs: 5_000, multiplier: 2, jitter: 0.2 };

test('the waits double up to the longest', () => {
  const waits = [0, 1, 2, 5, 6, 7, 5_000].map((n) => backoffMs(backoff, n, () => 0.5));
  expect(waits).toEqual([100, 200, 400, 3_200, 5_000, 5_000, 5_000]);
});

test('jitter moves a wait by at most its share, both ways', () => {
  expect(backoffMs(backoff, 0, () => 0)).toBeCloseTo(80);
  fc.assert(
    fc.property(
      fc.nat(10_000),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (n, r) => {
        const wait = backoffMs(backoff, n, () => r);
        expect(wait).toBeGreaterThanOrEqual(80);
        expect(wait).toBeLessThanOrEqual(6_000);
      },
    ),
  );
});
