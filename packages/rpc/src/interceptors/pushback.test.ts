import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Trailer } from '../core/call.ts';
import { Metadata } from '../core/metadata.ts';
import { RpcError } from '../rpc-error.ts';
import { pushbackKey, pushbackOf, retryInfoMs } from './pushback.ts';

function withPushback(text: string): Trailer {
  return { error: undefined, metadata: Metadata.from({ [pushbackKey]: text }) };
}

function withRetryInfo(value: unknown): Trailer {
  const details = [{ type: 'google.rpc.RetryInfo', value }];
  return { error: new RpcError('unavailable', 'down', { details }), metadata: Metadata.empty };
}

test('a pushback is a number of milliseconds or never', () => {
  expect(pushbackOf({ error: undefined, metadata: Metadata.empty })).toBeUndefined();
  expect(pushbackOf(withPushback('0'))).toBe(0);
  expect(pushbackOf(withPushback('1500'))).toBe(1_500);
  expect(pushbackOf(withPushback('2147483647'))).toBe(2_147_483_647);
  for (const text of ['-1', '', ' 5', '05', '1.5', 'soon', '2147483648', '99999999999']) {
    expect(pushbackOf(withPushback(text))).toBe('never');
  }
});

test('the delay of a RetryInfo is read from a message and from its JSON', () => {
  expect(retryInfoMs(withRetryInfo({ retryDelay: { seconds: 2n, nanos: 5_000_000 } }))).toBe(2_005);
  expect(retryInfoMs(withRetryInfo({ retryDelay: { seconds: 1 } }))).toBe(1_000);
  expect(retryInfoMs(withRetryInfo({ retryDelay: '0.25s' }))).toBe(250);
});

test('whatever else stands there is no delay', () => {
  expect(retryInfoMs(withRetryInfo({ retryDelay: { seconds: -1 } }))).toBeUndefined();
  expect(retryInfoMs(withRetryInfo({ retryDelay: 'soon' }))).toBeUndefined();
  expect(retryInfoMs({ error: undefined, metadata: Metadata.empty })).toBeUndefined();
  const anything = fc.anything({ withBigInt: true });
  const duration = fc.record({ seconds: anything, nanos: anything });
  fc.assert(
    fc.property(
      fc.oneof(anything, fc.record({ retryDelay: fc.oneof(anything, duration) })),
      (value) => {
        const ms = retryInfoMs(withRetryInfo(value));
        expect(ms === undefined || (Number.isFinite(ms) && ms >= 0)).toBe(true);
      },
    ),
  );
});
