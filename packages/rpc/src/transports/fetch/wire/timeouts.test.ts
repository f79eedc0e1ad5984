import { expect, test } from 'bun:test';
import fc from 'fast-check';
import {
  readConnectTimeout,
  readGrpcTimeout,
  writeConnectTimeout,
  writeGrpcTimeout,
} from './timeouts.ts';

const never = Number.POSITIVE_INFINITY;

test('no header is no deadline', () => {
  expect(readConnectTimeout(null)).toBe(never);
  expect(readGrpcTimeout(null)).toBe(never);
  expect(writeConnectTimeout(never)).toBeUndefined();
  expect(writeGrpcTimeout(never)).toBeUndefined();
});

test.each([
  ['0m', 0],
  ['1H', 3_600_000],
  ['2M', 120_000],
  ['3S', 3_000],
  ['99999999m', 99_999_999],
  ['5000u', 5],
  ['1000000n', 1],
] as const)('grpc-timeout %s is %d ms', (text, ms) => expect(readGrpcTimeout(text)).toBe(ms));

test('connect-timeout-ms has up to ten digits', () => {
  expect(readConnectTimeout('0')).toBe(0);
  expect(readConnectTimeout('9999999999')).toBe(9_999_999_999);
});

test.each(['', '1', 'm', '-1m', '123456789m', '1.5S', '1 S', '1s', '1x', 'H1'])(
  'grpc-timeout %j is refused',
  (text) => expect(() => readGrpcTimeout(text)).toThrow('the header grpc-timeout is'),
);

test.each(['', '-1', '1.5', 'soon', '12345678901', '0x10', '1 '])(
  'connect-timeout-ms %j is refused',
  (text) => expect(() => readConnectTimeout(text)).toThrow('the header connect-timeout-ms is'),
);

test('a time that is over is none left', () => {
  expect(writeConnectTimeout(-3)).toBe('0');
  expect(writeGrpcTimeout(-3)).toBe('0m');
});

test('what is written is read as the same time or a little more', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 9e9, noNaN: true }), (ms) => {
      const read = readConnectTimeout(writeConnectTimeout(ms) ?? '');
      expect(read).toBeGreaterThanOrEqual(ms);
      expect(read).toBeLessThanOrEqual(ms + 1);
    }),
  );
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e14, noNaN: true }), (ms) => {
      const read = readGrpcTimeout(writeGrpcTimeout(ms) ?? '');
      expect(read).toBeGreaterThanOrEqual(ms);
      expect(read).toBeLessThanOrEqual(ms * 1.04 + 1);
    }),
  );
});

test('a time beyond what the header can say', () => {
  expect(writeConnectTimeout(1e10)).toBeUndefined();
  expect(writeGrpcTimeout(1e300)).toBe('99999999H');
});
