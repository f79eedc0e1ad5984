import { expect, test } from 'bun:test';
import { windowEnd, windowStart } from './windows.ts';

const at = (text: string) => Date.parse(text);

test.each([
  ['day', '2026-11-21T23:59:59.999Z', '2026-11-21T00:00:00Z', '2026-11-22T00:00:00Z'],
  ['day', '2026-12-31T00:00:00Z', '2026-12-31T00:00:00Z', '2027-01-01T00:00:00Z'],
  ['month', '2028-02-29T12:00:00Z', '2028-02-01T00:00:00Z', '2028-03-01T00:00:00Z'],
  ['month', '2026-12-31T23:59:59.999Z', '2026-12-01T00:00:00Z', '2027-01-01T00:00:00Z'],
  ['month', '1969-12-31T00:00:00Z', '1969-12-01T00:00:00Z', '1970-01-01T00:00:00Z'],
] as const)('the %s of %s', (period, time, start, end) => {
  expect(windowStart(period, at(time))).toBe(at(start));
  expect(windowEnd(period, at(start))).toBe(at(end));
});
