import type {
  CallHandler,
  ClientCall,
  ClientSink,
  OpenOptions,
  ServerCall,
  Trailer,
  Transport,
} from '../../core/call.ts';
import type { Metadata } from '../../core/metadata.ts';
import type { MethodInfo } from '../../core/method.ts';
import { WatchedClientCall, WatchedServerCall } from '../../core/watched-call.ts';
import type { Code, RpcError } from '../../rpc-error.ts';
import { identityOf } from '../auth/identity.ts';
import { redactedMetadata } from './redact.ts';
import { requestIdOf } from './request-id.ts';

/** Where lines go; pino's logger is one. */
export interface RpcLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface LogOptions {
  readonly log: RpcLog;
  /** Adds the redacted metadata of the request. Default false. */
  readonly metadata?: boolean;
  /** Names of metadata that are secrets, besides those that look like it. */
  readonly secrets?: readonly string[];
  /** Which calls are logged. Default all. */
  readonly only?: (path: string) => boolean;
  /** Milliseconds of a clock that never goes back. Default `performance.now`. */
  readonly now?: () => number;
}

/**
 * A server interceptor that writes one line for each call, when it ends: OK at `info`, a failure
 * that is the server's (`unknown`, `internal`, `data_loss`) at `error` with its cause, others at
 * `warn`. Messages are never logged, and secrets of the metadata neither. Put `requestIds` before it.
 */
export function logServer(options: LogOptions): (next: CallHandler) => CallHandler {
  const { only = () => true } = options;
  return (next) => (call: ServerCall) => {
    next(only(call.path) ? new LoggedServerCall(call, options) : call);
  };
}

/** The same for a client. Lines hold the request id that was sent. */
export function logClient(options: LogOptions): (next: Transport) => Transport {
  const { only = () => true } = options;
  return (next) => ({
    open(method: MethodInfo, opened: OpenOptions, sink: ClientSink): ClientCall {
      if (!only(method.path)) return next.open(method, opened, sink);
      const call = new LoggedClientCall(sink, method, opened.metadata, options);
      return call.open(next, method, opened);
    },
    close: () => next.close(),
  });
}

class LoggedServerCall extends WatchedServerCall {
  readonly #options: LogOptions;
  readonly #startedAt: number;

  constructor(call: ServerCall, options: LogOptions) {
    super(call);
    this.#options = options;
    this.#startedAt = nowOf(options);
  }

  protected override ended(error: RpcError | undefined): void {
    const identity = identityOf(this);
    const requestId = requestIdOf(this);
    const { transport, address } = this.peer;
    const fields = {
      rpc: this.path,
      ...(requestId === undefined ? {} : { requestId }),
      ...(identity === undefined ? {} : { caller: identity.id }),
      peer: `${transport} ${address}`,
      ...ending(error, this.#startedAt, this.#options),
      ...metadataField(this.metadata, this.#options),
    };
    write(this.#options.log, fields, error, `served ${this.path}`);
  }
}

class LoggedClientCall extends WatchedClientCall {
  readonly #method: MethodInfo;
  readonly #metadata: Metadata;
  readonly #options: LogOptions;
  readonly #startedAt: number;

  constructor(sink: ClientSink, method: MethodInfo, metadata: Metadata, options: LogOptions) {
    super(sink);
    this.#method = method;
    this.#metadata = metadata;
    this.#options = options;
    this.#startedAt = nowOf(options);
  }

  protected override ended({ error }: Trailer): void {
    const requestId = this.#metadata.get('x-request-id');
    const fields = {
      rpc: this.#method.path,
      ...(requestId === undefined ? {} : { requestId }),
      ...ending(error, this.#startedAt, this.#options),
      ...metadataField(this.#metadata, this.#options),
    };
    write(this.#options.log, fields, error, `called ${this.#method.path}`);
  }
}

function nowOf(options: LogOptions): number {
  return (options.now ?? monotonicNow)();
}

function monotonicNow(): number {
  return performance.now();
}

function ending(error: RpcError | undefined, startedAt: number, options: LogOptions): object {
  return {
    code: error?.code ?? 'ok',
    durationMs: Math.round((nowOf(options) - startedAt) * 1000) / 1000,
    ...(error === undefined ? {} : { reason: error.message }),
  };
}

function metadataField(metadata: Metadata, options: LogOptions): object {
  if (options.metadata !== true) return {};
  const { secrets = [] } = options;
  return { metadata: redactedMetadata(metadata, secrets) };
}

const ownFaults: ReadonlySet<Code> = new Set(['unknown', 'internal', 'data_loss']);

function write(log: RpcLog, fields: object, error: RpcError | undefined, message: string): void {
  if (error === undefined) log.info(fields, message);
  else if (ownFaults.has(error.code)) log.error({ ...fields, err: error.cause ?? error }, message);
  else log.warn(fields, message);
}
