import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { readTimeout, writeTimeout } from './grpc-timeout.ts';

test('every unit', () => {
  expect(readTimeout('1H')).toBe(3_600_000);
  expect(readTimeout('2M')).toBe(120_000);
  expect(readTimeout('3S')).toBe(3_000);
  expect(readTimeout('99999999m')).toBe(99_999_999);
  expect(readTimeout('5u')).toBe(0.005);
  expect(readTimeout('7n')).toBeCloseTo(7e-6, 12);
});

test('what is none', () => {
  for (const value of [
    '',
    '1',
    'm',
    '123456789m',
    '1x',
    '-1S',
    '1.5S',
    ' 1S',
    '1S ',
    '1mm',
    '١S',
  ]) {
    expect(readTimeout(value)).toBeUndefined();
  }
});

test('what is written is read: not shorter, and hardly longer', () => {
  const time = fc.oneof(
    fc.double({ min: 0, max: 1_000, noNaN: true }),
    fc.double({ min: 0, max: 3.5e14, noNaN: true }),
  );
  fc.assert(
    fc.property(time, (leftMs) => {
      const read = readTimeout(writeTimeout(leftMs)) as number;
      expect(read).toBeGreaterThanOrEqual(leftMs);
      expect(read).toBeGreaterThan(0);
      expect(read - leftMs).toBeLessThanOrEqual(Math.max(1, leftMs * 0.04));
    }),
  );
});

test('a deadline that has passed is the shortest one', () => {
  expect(writeTimeout(-5)).toBe('1u');
  expect(writeTimeout(0)).toBe('1u');
});
