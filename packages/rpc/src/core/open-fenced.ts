import type { ClientCall, ClientSink, OpenOptions, Transport } from './call.ts';
import { FailedCall } from './failed-call.ts';
import type { MethodInfo } from './method.ts';
import { ownFault } from './own-fault.ts';

/**
 * Opens a call where `open` might break its contract and throw, as that of an application's
 * interceptor may: then the call ends with what was thrown, and whoever counts or waits for it hears
 * of its end.
 */
export function openFenced(
  next: Transport,
  method: MethodInfo,
  options: OpenOptions,
  sink: ClientSink,
): ClientCall {
  try {
    return next.open(method, options, sink);
  } catch (cause) {
    return new FailedCall(sink, ownFault(`an interceptor of ${method.path}`, cause));
  }
}
