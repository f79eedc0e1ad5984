import { RpcError } from '@zeke/rpc';

/**
 * What a promise is rejected with. `expect(…).rejects` turns the event loop by itself until the promise is
 * settled, and does not hear of processes that end meanwhile for as long as a second.
 */
export async function failureOf(promise: Promise<unknown>): Promise<RpcError> {
  const reason = await promise.then(
    () => new Error('it was not rejected'),
    (reason: unknown) => reason,
  );
  if (reason instanceof RpcError) return reason;
  throw reason;
}
