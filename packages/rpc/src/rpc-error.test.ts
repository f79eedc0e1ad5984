import { describe, expect, test } from 'bun:test';
import { codes, RpcError } from './rpc-error.ts';

describe('RpcError', () => {
  test('has the sixteen codes of gRPC', () => {
    expect(codes).toHaveLength(16);
    expect(new Set(codes).size).toBe(16);
  });

  test('finds a detail by its type', () => {
    const error = new RpcError('not_found', 'no such model', {
      details: [{ type: 'near', value: ['a', 'b'] }],
    });
    expect(error.detail<string[]>('near')).toEqual(['a', 'b']);
    expect(error.detail('other')).toBeUndefined();
  });

  test('may be retried where it says so, or when', () => {
    const details = [{ type: 'google.rpc.RetryInfo', value: {} }];
    expect(new RpcError('resource_exhausted', 'later').retryable).toBe(false);
    expect(new RpcError('resource_exhausted', 'later', { retryable: true }).retryable).toBe(true);
    expect(new RpcError('resource_exhausted', 'later', { details }).retryable).toBe(true);
    expect(new RpcError('internal', 'no', { details, retryable: false }).retryable).toBe(false);
  });

  test('from() keeps ours, names an abort, and hides what is foreign', () => {
    const ours = new RpcError('aborted', 'x');
    expect(RpcError.from(ours)).toBe(ours);
    expect(RpcError.from(new DOMException('gone', 'AbortError')).code).toBe('canceled');
    const foreign = RpcError.from(new TypeError('password=hunter2'));
    expect(foreign.code).toBe('internal');
    expect(foreign.message).not.toContain('hunter2');
    expect(foreign.cause).toBeInstanceOf(TypeError);
  });
});
