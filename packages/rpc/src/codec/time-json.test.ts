import { expect, test } from 'bun:test';
import { Duration, Timestamp } from './well-known.ts';

test.each([
  ['1970-01-01T00:00:00Z', 0n, 0],
  ['2024-02-29T23:59:59.999Z', 1_709_251_199n, 999_000_000],
  ['1972-01-01T10:00:20.021Z', 63_108_020n, 21_000_000],
  ['0001-01-01T00:00:00Z', -62_135_596_800n, 0],
  ['9999-12-31T23:59:59.999999999Z', 253_402_300_799n, 999_999_999],
  ['1969-12-31T23:59:59.500Z', -1n, 500_000_000],
  ['2000-01-01T00:00:00.000001Z', 946_684_800n, 1_000],
])('the time %s', (json, seconds, nanos) => {
  expect(Timestamp.toJson({ seconds, nanos })).toBe(json);
  expect(Timestamp.fromJson(json)).toEqual(Timestamp.create({ seconds, nanos }));
});

test('a time may have an offset, and fewer digits', () => {
  const at = (json: string): bigint => Timestamp.fromJson(json).seconds;
  expect(at('1970-01-01T01:00:00+01:00')).toBe(0n);
  expect(at('1969-12-31T18:30:00-05:30')).toBe(0n);
  expect(Timestamp.fromJson('1970-01-01T00:00:00.5Z').nanos).toBe(500_000_000);
});

test.each([
  '1970-01-01',
  '1970-01-01T00:00:00',
  '1970-01-01t00:00:00z',
  '1970-13-01T00:00:00Z',
  '1970-01-32T00:00:00Z',
  '2023-02-29T00:00:00Z',
  '1970-01-01T24:00:00Z',
  '1970-01-01T00:60:00Z',
  '1970-01-01T00:00:60Z',
  '1970-01-01T00:00:00+24:00',
  '1970-01-01T00:00:00.1234567890Z',
  '0000-12-31T00:00:00Z',
  '0001-01-01T00:00:00+00:01',
  '9999-12-31T23:59:59-00:01',
  5,
])('no time: %p', (json) => {
  expect(() => Timestamp.fromJson(json)).toThrow('google.protobuf.Timestamp');
});

test.each([
  ['0s', 0n, 0],
  ['1s', 1n, 0],
  ['1.500s', 1n, 500_000_000],
  ['-0.000001s', 0n, -1_000],
  ['-1.000000001s', -1n, -1],
  ['315576000000s', 315_576_000_000n, 0],
])('the duration %s', (json, seconds, nanos) => {
  expect(Duration.toJson({ seconds, nanos })).toBe(json);
  expect(Duration.fromJson(json)).toEqual(Duration.create({ seconds, nanos }));
});

test.each(['1', '1.s', '.5s', '1.0000000001s', '1sx', '315576000001s', '+1s', '1e3s', 1])(
  'no duration: %p',
  (json) => {
    expect(() => Duration.fromJson(json)).toThrow('google.protobuf.Duration');
  },
);

test('what is out of range is not written', () => {
  expect(() => Timestamp.toJson({ seconds: 253_402_300_800n })).toThrow('years 1 to 9999');
  expect(() => Duration.toJson({ seconds: -315_576_000_001n })).toThrow('10,000 years');
  expect(() => Duration.toJson({ nanos: 1_000_000_000 })).toThrow('nanoseconds');
});
