import { expect, test } from 'bun:test';
import { formatMicroseconds, parseDurationMs } from './duration.ts';

test.each([
  ['500ms', 500],
  ['1.5s', 1_500],
  ['2m', 120_000],
  ['1h', 3_600_000],
])('%s', (text, ms) => {
  expect(parseDurationMs('--timeout', text)).toBe(ms);
});

test.each(['5', '', 's', '0s', '-1s', '1 s', '1d', '169h', '1e3s'])('%s is refused', (text) => {
  expect(() => parseDurationMs('--timeout', text)).toThrow('write a time with its unit');
});

test.each([
  [0.4, '0 µs'],
  [870, '870 µs'],
  [1_234, '1.23 ms'],
  [45_678, '45.7 ms'],
  [999_000, '999 ms'],
  [4_500_000, '4.50 s'],
  [Number.NaN, '-'],
])('%p', (microseconds, text) => {
  expect(formatMicroseconds(microseconds)).toBe(text);
});
