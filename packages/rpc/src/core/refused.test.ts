import { expect, test } from 'bun:test';
import { RpcError } from '../rpc-error.ts';
import { isRefused, markRefused } from './refused.ts';

test('only the error that was marked is refused, not a copy of it', () => {
  const error = markRefused(new RpcError('unavailable', 'the peer is going away'));
  expect(isRefused(error)).toBe(true);
  expect(isRefused(new RpcError(error.code, error.message, { cause: error }))).toBe(false);
});
