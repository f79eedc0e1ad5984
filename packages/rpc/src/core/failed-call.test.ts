import { expect, test } from 'bun:test';
import { RpcError } from '../rpc-error.ts';
import { RecordingSink } from '../testing/recording-sink.ts';
import { utf8 } from '../testing/test-method.ts';
import { FailedCall } from './failed-call.ts';

test('the end comes once, and not before the call was returned', async () => {
  const sink = new RecordingSink();
  const call = new FailedCall(sink, new RpcError('unavailable', 'closed'));
  expect(sink.trailer).toBeUndefined();
  expect(call.sendMessage(utf8('x'))).toBe(true);
  call.sendEnd();
  expect((await sink.end).error?.message).toBe('closed');
});

test('cancelled before its end, it ends with the error of its caller', async () => {
  const sink = new RecordingSink();
  new FailedCall(sink, new RpcError('unavailable', 'closed')).cancel(new RpcError('canceled', 'x'));
  await Promise.resolve();
  expect(sink.code).toBe('canceled');
});
