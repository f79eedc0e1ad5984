import { RpcError } from '@zeke/rpc';

/** The error that a call must fail with. @throws Error when it does not fail with one of ours. */
export async function failureOf(call: Promise<unknown>): Promise<RpcError> {
  const reason = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (reason instanceof RpcError) return reason;
  throw new Error(reason === undefined ? 'the call did not fail' : `not an RpcError: ${reason}`);
}

/** Reads a stream to its end. */
export async function read<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of stream) all.push(one);
  return all;
}
