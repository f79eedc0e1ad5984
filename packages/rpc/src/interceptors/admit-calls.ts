import { type CallHandler, okTrailer, type ServerCall } from '../core/call.ts';
import { Metadata } from '../core/metadata.ts';
import { idleSink } from '../core/watched-call.ts';
import { RpcError } from '../rpc-error.ts';

/** Lets a call pass, now or later, by returning; refuses it by throwing an RpcError. */
export type AdmitCall = (call: ServerCall) => void | Promise<void>;

/**
 * A server interceptor that may take its time before a call is passed on: to ask who calls, or
 * whether they may. Nothing of the call is read meanwhile, so its peer can send no more than the
 * stream's window; one that its peer gives up is not passed on, and `maxStreams` bounds how many
 * wait. What is thrown that is no RpcError is `internal` to the caller, and `onUnexpected` is told.
 *
 *     const server = createServer({
 *       interceptors: [
 *         admitCalls(async (call) => {
 *           if (!(await mayCall(call.peer, call.path))) throw new RpcError('permission_denied', …);
 *         }),
 *       ],
 *     });
 */
export function admitCalls(admit: AdmitCall): (next: CallHandler) => CallHandler {
  return (next) => (call) => {
    const admitted = admit(call);
    if (!(admitted instanceof Promise)) {
      next(call);
      return;
    }
    // The server is told of what this rejects with.
    return holdServerCall(call, admitted, () => next(call));
  };
}

/**
 * Holds a call until a promise is settled, then goes on with it or refuses it. Rejects with what is
 * no RpcError, after the call has ended.
 */
export async function holdServerCall<T>(
  call: ServerCall,
  until: Promise<T>,
  go: (value: T) => void,
): Promise<void> {
  let isGone = false;
  call.sink = {
    ...idleSink,
    onCancel() {
      isGone = true;
      // A transport counts the call as running until it is told that it is not.
      call.sendEnd(okTrailer);
    },
  };
  call.pause();
  try {
    const value = await until;
    if (isGone) return;
    go(value);
    call.resume();
  } catch (reason) {
    if (!isGone) refuseCall(call, RpcError.from(reason));
    if (!(reason instanceof RpcError)) throw reason;
  }
}

/** Ends a call before any handler has seen it. */
export function refuseCall(call: ServerCall, error: RpcError): void {
  call.sink = idleSink;
  call.sendEnd({ error, metadata: Metadata.empty });
}
