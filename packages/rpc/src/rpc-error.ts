/**
 * The sixteen failure codes of gRPC, in snake case as Connect spells them.
 * Source: https://grpc.io/docs/guides/status-codes/
 */
export const codes = [
  'canceled',
  'unknown',
  'invalid_argument',
  'deadline_exceeded',
  'not_found',
  'already_exists',
  'permission_denied',
  'resource_exhausted',
  'failed_precondition',
  'aborted',
  'out_of_range',
  'unimplemented',
  'internal',
  'unavailable',
  'data_loss',
  'unauthenticated',
] as const;

export type Code = (typeof codes)[number];

/** Typed extra about an error; `type` names the shape of `value`, which is safe to send to a client. */
export interface ErrorDetail {
  readonly type: string;
  readonly value: unknown;
}

export interface RpcErrorOptions {
  /** Kept for logs, never sent to a client. */
  readonly cause?: unknown;
  readonly details?: readonly ErrorDetail[];
  /**
   * Decided once, where the error is made: true when the same call may succeed if sent again.
   * Default: whether the details have a `google.rpc.RetryInfo`. Only that crosses a wire, the mark
   * does not: give a `retryInfo` to errors that clients are to try again after.
   */
  readonly retryable?: boolean;
}

/**
 * The one error class of the house. `message` says what was wrong, where, and what to do; it is
 * sent to the caller, so it never holds a secret.
 */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly code: Code;
  readonly details: readonly ErrorDetail[];
  /**
   * The same call may succeed if sent again. Of an error that a peer sent: it sent a
   * `google.rpc.RetryInfo` with it, or did not take the call; else its code says more.
   */
  readonly retryable: boolean;

  constructor(code: Code, message: string, options: RpcErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? [];
    this.retryable = options.retryable ?? this.detail('google.rpc.RetryInfo') !== undefined;
  }

  /** The value of the first detail of this type. */
  detail<T>(type: string): T | undefined {
    return this.details.find((detail) => detail.type === type)?.value as T | undefined;
  }

  /** Turns anything thrown into an RpcError: ours stays, an abort is `canceled`, the rest `internal`. */
  static from(reason: unknown): RpcError {
    if (reason instanceof RpcError) return reason;
    if (reason instanceof Error && reason.name === 'AbortError') {
      return new RpcError('canceled', 'the call was canceled', { cause: reason });
    }
    return new RpcError('internal', 'an unexpected failure; the log has the cause', {
      cause: reason,
    });
  }
}
