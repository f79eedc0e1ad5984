import { RpcError } from '../rpc-error.ts';
import type { CallHandler, ServerCall } from './call.ts';
import { Metadata } from './metadata.ts';
import { idleSink } from './watched-call.ts';

/** Told of what is no RpcError, and so no answer to the caller. */
export type TellUnexpected = (error: unknown, method: { readonly path: string }) => void;

/**
 * A handler around one that may throw, or reject, as an interceptor of the application may: the call
 * that it was given ends, with the RpcError thrown or with `internal`, and no other call does. Where
 * it has passed the call on, what took it hears of that as of a cancellation.
 */
export function fencedHandler(handler: CallHandler, tell: TellUnexpected): CallHandler {
  const breakOff = (call: ServerCall, reason: unknown): void => {
    if (!(reason instanceof RpcError)) tell(reason, call);
    try {
      endFromOutside(call, RpcError.from(reason));
    } catch (another) {
      tell(another, call);
    }
  };
  return (call) => {
    try {
      // The type says that nothing comes back, and an async function is of that type, too.
      const result: unknown = handler(call);
      if (result instanceof Promise) result.catch((reason: unknown) => breakOff(call, reason));
    } catch (reason) {
      breakOff(call, reason);
    }
  };
}

/** Ends a call in the place of whoever answers it, and tells them. */
function endFromOutside(call: ServerCall, error: RpcError): void {
  const { sink } = call;
  call.sink = idleSink;
  call.sendEnd({ error, metadata: Metadata.empty });
  sink.onCancel(error);
}
