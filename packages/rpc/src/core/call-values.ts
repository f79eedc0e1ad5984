import type { ServerCall } from './call.ts';

/*
 * What one server interceptor tells those after it: who calls, the id of the request, the span. The
 * values hang on the call in a table beside it, so that a call of a server without such interceptors
 * pays nothing.
 */

/** The name of a value, and its type. Two keys are never the same, whatever they are called. */
export class CallKey<T> {
  /** For messages and debuggers. */
  readonly name: string;
  /** Never set: carries the type. */
  readonly type?: T;

  constructor(name: string) {
    this.name = name;
  }
}

/**
 * A ServerCall that stands before another one, as interceptors make them. It names that other one,
 * so that both have the same values.
 */
export interface WrappedServerCall extends ServerCall {
  readonly wraps: ServerCall;
}

const tables = new WeakMap<ServerCall, Map<CallKey<unknown>, unknown>>();

/** Sets a value of the call and of all calls that wrap it or that it wraps. */
export function setCallValue<T>(call: ServerCall, key: CallKey<T>, value: T): void {
  const root = transportCallOf(call);
  let table = tables.get(root);
  if (table === undefined) {
    table = new Map();
    tables.set(root, table);
  }
  table.set(key, value);
}

/** The value of the call under this key; undefined when nothing has set it. */
export function callValue<T>(call: ServerCall, key: CallKey<T>): T | undefined {
  return tables.get(transportCallOf(call))?.get(key) as T | undefined;
}

/** The call as the transport made it, below all that wrap it. */
export function transportCallOf(call: ServerCall): ServerCall {
  let root = call;
  while ('wraps' in root) root = (root as WrappedServerCall).wraps;
  return root;
}
