import { expect, test } from 'bun:test';
import { parseTime } from './parse-time.ts';

test.each([
  ['2027-01-31', Date.UTC(2027, 0, 31)],
  ['2028-02-29', Date.UTC(2028, 1, 29)],
  ['2027-01-31T12:30:00Z', Date.UTC(2027, 0, 31, 12, 30)],
  ['2027-01-31T12:30:00.5+02:00', Date.UTC(2027, 0, 31, 10, 30, 0, 500)],
])('%s is a time', (text, time) => {
  expect(parseTime(text)).toBe(time);
});

test.each([
  '',
  '2027',
  '2026-02-30',
  '2027-02-29',
  '2027-04-31T12:00:00Z',
  '2027-13-01',
  '2027-00-01',
  '2027-01-00',
  '2027-01-01T25:00:00Z',
  '2027-01-01 later',
  'tomorrow',
])('%p is none', (text) => {
  expect(parseTime(text)).toBeUndefined();
});
