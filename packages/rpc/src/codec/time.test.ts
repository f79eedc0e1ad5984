import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { durationOfMs, msOfDuration, msOfTimestamp, timestampOfMs } from './time.ts';

test('milliseconds become seconds and nanoseconds', () => {
  expect(durationOfMs(1_500)).toEqual({ seconds: 1n, nanos: 500_000_000 });
  expect(durationOfMs(-1_500)).toEqual({ seconds: -1n, nanos: -500_000_000 });
  expect(durationOfMs(-500)).toEqual({ seconds: 0n, nanos: -500_000_000 });
  expect(durationOfMs(0.000_001)).toEqual({ seconds: 0n, nanos: 1 });
  expect(durationOfMs(999.999_999_9)).toEqual({ seconds: 1n, nanos: 0 });
  expect(timestampOfMs(-1)).toEqual({ seconds: -1n, nanos: 999_000_000 });
});

test('and come back', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (ms) => {
      const small = ms % 1e13;
      expect(msOfDuration(durationOfMs(small)) - small).toBe(0);
      expect(msOfTimestamp(timestampOfMs(small)) - small).toBe(0);
    }),
  );
  expect(msOfDuration({})).toBe(0);
  expect(msOfTimestamp({ seconds: 1n })).toBe(1_000);
});
