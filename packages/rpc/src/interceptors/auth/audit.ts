import type { CallHandler, ServerCall } from '../../core/call.ts';
import { warnOfHook } from '../../core/warn.ts';
import { WatchedServerCall } from '../../core/watched-call.ts';
import type { Code, RpcError } from '../../rpc-error.ts';
import { requestIdOf } from '../telemetry/request-id.ts';
import { identityOf } from './identity.ts';

/** One call in the audit log: who, what, when, and what came of it. Never a credential or a message. */
export interface AuditEntry {
  /** When the call came, in milliseconds since 1970. */
  readonly at: number;
  readonly durationMs: number;
  /** `/package.Service/Method` */
  readonly method: string;
  /** The identity's id and scheme; absent when nobody was named. */
  readonly caller?: { readonly id: string; readonly scheme: string };
  /** `Peer.transport` and `Peer.address`. */
  readonly transport: string;
  readonly address: string;
  /** Where `requestIds` runs before. */
  readonly requestId?: string;
  readonly outcome: 'ok' | Code;
}

export interface AuditOptions {
  /** Takes each entry, when its call has ended. */
  readonly record: (entry: AuditEntry) => void;
  /**
   * What `record` has thrown; the call itself ends as it would have. Default: a warning of the
   * process.
   */
  readonly onFailure?: (error: unknown) => void;
  /** Which calls are recorded. Default all. */
  readonly only?: (path: string) => boolean;
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly now?: () => number;
}

/**
 * A server interceptor that tells a hook of every call. Put it before those that authenticate, so
 * that it sees what they refuse.
 */
export function audit(options: AuditOptions): (next: CallHandler) => CallHandler {
  const { only = () => true } = options;
  return (next) => (call: ServerCall) => {
    next(only(call.path) ? new AuditedCall(call, options) : call);
  };
}

class AuditedCall extends WatchedServerCall {
  readonly #options: AuditOptions;
  readonly #at: number;

  constructor(call: ServerCall, options: AuditOptions) {
    super(call);
    this.#options = options;
    this.#at = (options.now ?? Date.now)();
  }

  protected override ended(error: RpcError | undefined): void {
    const { record, onFailure, now = Date.now } = this.#options;
    const identity = identityOf(this);
    const requestId = requestIdOf(this);
    try {
      record({
        at: this.#at,
        durationMs: now() - this.#at,
        method: this.path,
        ...(identity === undefined ? {} : { caller: { id: identity.id, scheme: identity.scheme } }),
        transport: this.peer.transport,
        address: this.peer.address,
        ...(requestId === undefined ? {} : { requestId }),
        outcome: error?.code ?? 'ok',
      });
    } catch (failure) {
      if (onFailure === undefined) warnOfHook('record of audit', failure);
      else onFailure(failure);
    }
  }
}
