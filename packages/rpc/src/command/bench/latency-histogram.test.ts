import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { LatencyHistogram } from './latency-histogram.ts';

test('without values there are no figures', () => {
  const histogram = new LatencyHistogram();
  expect(histogram.quantileMs(0.5)).toBeNaN();
  expect([histogram.meanMs, histogram.minMs, histogram.maxMs]).toEqual([
    Number.NaN,
    Number.NaN,
    Number.NaN,
  ]);
});

test('quantiles are those of the sorted values, within 1/256', () => {
  const values = fc.array(fc.double({ min: 0, max: 4_000_000, noNaN: true }), { minLength: 1 });
  const shares = fc.constantFrom(0, 0.01, 0.5, 0.9, 0.99, 0.999, 1);
  fc.assert(
    fc.property(values, shares, (all, share) => {
      const histogram = new LatencyHistogram();
      for (const value of all) histogram.add(value);
      const sorted = all.toSorted((left, right) => left - right);
      const exact = sorted[Math.max(0, Math.ceil(share * all.length) - 1)] as number;
      const found = histogram.quantileMs(share);
      // A nanosecond is the smallest step.
      expect(Math.abs(found - exact)).toBeLessThanOrEqual(exact / 256 + 1e-6);
      expect(histogram.minMs).toBe(sorted[0] as number);
      expect(histogram.maxMs).toBe(sorted.at(-1) as number);
      expect(histogram.count).toBe(all.length);
    }),
    { numRuns: 300 },
  );
});

test('every bucket borders on the next', () => {
  for (let exponent = 0; exponent < 42; exponent++) {
    for (const nanoseconds of [2 ** exponent, 2 ** exponent - 1, 1.5 * 2 ** exponent]) {
      const histogram = new LatencyHistogram();
      histogram.add(nanoseconds / 1e6);
      histogram.add(0);
      histogram.add(1e9);
      const found = histogram.quantileMs(0.6) * 1e6;
      const wanted = Math.round(nanoseconds);
      expect(Math.abs(found - wanted)).toBeLessThanOrEqual(wanted / 256 + 1);
    }
  }
});

test('what is below 0 or beyond its end still counts', () => {
  const histogram = new LatencyHistogram();
  histogram.add(-1);
  histogram.add(1e12);
  expect(histogram.count).toBe(2);
  expect(histogram.quantileMs(0)).toBe(0);
  expect(histogram.maxMs).toBe(1e12);
});
