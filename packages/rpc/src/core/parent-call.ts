import type { CallKey } from './call-values.ts';

/** A call that is being answered, as the calls that are made for it see it: a `CallContext` is one. */
export interface ParentCall {
  /** By `performance.now()`; Infinity for never. */
  readonly deadlineAt: number;
  /** Aborted when the call ends before its handler does; the reason is the RpcError. */
  readonly signal: AbortSignal;
  /** What an interceptor has left for it. */
  value<T>(key: CallKey<T>): T | undefined;
}
