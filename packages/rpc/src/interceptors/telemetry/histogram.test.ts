import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { Histogram, windowMs } from './histogram.ts';

test('quantiles are right to a sixteenth, whatever the durations', () => {
  const duration = fc.double({ min: 1, max: 2 ** 31, noNaN: true });
  const shares = [0.5, 0.9, 0.99, 1];
  fc.assert(
    fc.property(fc.array(duration, { minLength: 1, maxLength: 200 }), (durations) => {
      const histogram = new Histogram();
      for (const each of durations) histogram.add(each, 0);
      const sorted = [...durations].sort((left, right) => left - right);
      const quantiles = histogram.quantiles(shares, 0);
      for (const [index, share] of shares.entries()) {
        const exact = sorted[Math.ceil(share * sorted.length) - 1] as number;
        expect(Math.abs((quantiles[index] as number) / exact - 1)).toBeLessThanOrEqual(1 / 16);
      }
    }),
    { numRuns: 100 },
  );
});

test('cumulative counts agree with the durations', () => {
  const duration = fc.double({ min: 0, max: 2 ** 33, noNaN: true });
  fc.assert(
    fc.property(fc.array(duration, { maxLength: 100 }), fc.nat(26), (durations, exponent) => {
      const histogram = new Histogram();
      for (const each of durations) histogram.add(each, 0);
      expect(histogram.count).toBe(durations.length);
      const below = durations.filter((each) => each < 2 ** exponent || each < 1);
      if (exponent > 0) expect(histogram.countUpTo(exponent)).toBe(below.length);
    }),
    { numRuns: 100 },
  );
});

test('quantiles forget what is older than two windows; counts do not', () => {
  const histogram = new Histogram();
  histogram.add(1_000, 0);
  const at = (nowMs: number) => histogram.quantiles([0.5], nowMs)[0] as number;
  expect(at(windowMs)).toBeWithin(900, 1_100);
  histogram.add(8_000, windowMs + 1);
  expect(at(windowMs + 1)).toBeWithin(900, 1_100);
  expect(at(2 * windowMs)).toBeWithin(7_500, 8_600);
  expect(at(3 * windowMs)).toBeNaN();
  expect([histogram.count, histogram.sum]).toEqual([2, 9_000]);
});

test('after a long rest nothing recent is left', () => {
  const histogram = new Histogram();
  histogram.add(1_000, 0);
  expect(histogram.quantiles([0.5], 10 * windowMs)[0]).toBeNaN();
});

test('a clock that went back makes no negative duration', () => {
  const histogram = new Histogram();
  histogram.add(-5, 0);
  expect([histogram.count, histogram.sum]).toEqual([1, 0]);
});
