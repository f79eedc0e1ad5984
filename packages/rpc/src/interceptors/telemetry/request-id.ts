import type {
  CallHandler,
  ClientCall,
  ClientSink,
  OpenOptions,
  ServerCall,
  Transport,
} from '../../core/call.ts';
import { CallKey, callValue, setCallValue } from '../../core/call-values.ts';
import type { MethodInfo } from '../../core/method.ts';

const header = 'x-request-id';

/** The id of a request, where a handler reads it: `context.value(requestIdKey)`. */
export const requestIdKey: CallKey<string> = new CallKey('request id');

/** The id of this request; undefined where `requestIds` has not run. */
export function requestIdOf(call: ServerCall): string | undefined {
  return callValue(call, requestIdKey);
}

/**
 * A server interceptor that gives each call a request id: the caller's `x-request-id` where it is 1
 * to 128 letters, digits and `._:/+=@-`, else a new one.
 */
export function requestIds(
  options: { readonly newId?: () => string } = {},
): (next: CallHandler) => CallHandler {
  const { newId = () => crypto.randomUUID() } = options;
  return (next) => (call: ServerCall) => {
    const given = call.metadata.get(header);
    setCallValue(call, requestIdKey, given !== undefined && isRequestId(given) ? given : newId());
    next(call);
  };
}

/**
 * A client interceptor that sends a request id with each call that has none: that of its `parent`,
 * where `requestIds` has run, else a new one.
 */
export function requestIdClient(
  options: { readonly newId?: () => string } = {},
): (next: Transport) => Transport {
  const { newId = () => crypto.randomUUID() } = options;
  return (next) => ({
    open(method: MethodInfo, opened: OpenOptions, sink: ClientSink): ClientCall {
      if (opened.metadata.has(header)) return next.open(method, opened, sink);
      const id = opened.parent?.value(requestIdKey) ?? newId();
      const metadata = opened.metadata.clone().append(header, id);
      return next.open(method, { ...opened, metadata }, sink);
    },
    close: () => next.close(),
  });
}

/** What may stand in a log line as it is. */
function isRequestId(text: string): boolean {
  return text.length <= 128 && /^[\w.:/+=@-]+$/.test(text);
}
