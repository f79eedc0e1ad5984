import { RpcError } from '../rpc-error.ts';

/*
 * The mark lives beside the error and not in it: it must never cross a wire. A service that passes
 * on an error of its own backend has seen the call, whatever that backend has not.
 */
const refusedErrors = new WeakSet<RpcError>();

/**
 * Marks the error of a call that no service has seen, and returns it: the call never left this
 * process, or the peer said that it did not take it (HTTP/2 `REFUSED_STREAM`, a stream above the
 * last one of a GOAWAY). Such a call may be sent again whatever its method does.
 *
 * Source: gRFC A6, "Transparent Retries".
 */
export function markRefused(error: RpcError): RpcError {
  refusedErrors.add(error);
  return error;
}

/** Whether the error has the mark of `markRefused`. */
export function isRefused(error: RpcError): boolean {
  return refusedErrors.has(error);
}

/** The error of a call that waited to begin, on a connection that ended for this reason. */
export function neverBegan({ code, message }: RpcError): RpcError {
  return markRefused(new RpcError(code, message, { retryable: code === 'unavailable' }));
}
