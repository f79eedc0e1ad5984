import type {
  CallHandler,
  ClientCall,
  ClientSink,
  OpenOptions,
  ServerCall,
  Trailer,
  Transport,
} from '../../core/call.ts';
import type { MethodInfo, ServiceType } from '../../core/method.ts';
import { WatchedClientCall, WatchedServerCall } from '../../core/watched-call.ts';
import type { Code, RpcError } from '../../rpc-error.ts';
import { Histogram } from './histogram.ts';
import { renderMetrics } from './render-metrics.ts';

export type Side = 'server' | 'client';

/** What is counted of one method on one side. */
export class MethodMetrics {
  readonly side: Side;
  /** `package.Service`, and `Method`; both `other` for paths that are not served. */
  readonly service: string;
  readonly method: string;
  /** Calls that have begun. */
  requests = 0;
  /** Calls that have ended with OK. */
  succeeded = 0;
  /** Calls that have ended otherwise, by code. */
  readonly failed: Map<Code, number> = new Map();
  /** Calls that are open now. */
  active = 0;
  messagesReceived = 0;
  messagesSent = 0;
  /** Of messages, without what frames and headers add. */
  bytesReceived = 0;
  bytesSent = 0;
  readonly durations: Histogram = new Histogram();

  constructor(side: Side, path: string) {
    const slash = path.lastIndexOf('/');
    this.side = side;
    this.service = slash < 0 ? path : path.slice(1, slash);
    this.method = path.slice(slash + 1);
  }

  began(): void {
    this.requests += 1;
    this.active += 1;
  }

  received(bytes: Uint8Array): void {
    this.messagesReceived += 1;
    this.bytesReceived += bytes.length;
  }

  sent(bytes: Uint8Array): void {
    this.messagesSent += 1;
    this.bytesSent += bytes.length;
  }

  ended(error: RpcError | undefined, startedAt: number, nowMs: number): void {
    this.active -= 1;
    if (error === undefined) this.succeeded += 1;
    else this.failed.set(error.code, (this.failed.get(error.code) ?? 0) + 1);
    this.durations.add((nowMs - startedAt) * 1000, nowMs);
  }
}

export interface MetricsOptions {
  /** The services that are served. Calls of other methods are counted together, as `other`. */
  readonly services?: readonly ServiceType[];
  /** Milliseconds of a clock that never goes back. Default `performance.now`. */
  readonly now?: () => number;
}

/** Counts calls, on either side or both. */
export interface RpcMetrics {
  /** The server interceptor. */
  readonly server: (next: CallHandler) => CallHandler;
  /** The client interceptor. */
  readonly client: (next: Transport) => Transport;
  /** All methods that are served or have been called, in that order. */
  readonly methods: () => readonly MethodMetrics[];
  /** The text format of Prometheus, 0.0.4. */
  readonly render: () => string;
}

/**
 * Metrics of calls: `zrpc_requests_total`, `zrpc_requests_success_total`,
 * `zrpc_requests_failed_total` (by code), `zrpc_duration_microseconds` (a histogram) with
 * `zrpc_duration_quantile_microseconds` (p50 to p99 of the last one to two minutes),
 * `zrpc_streams_active`, and messages and bytes each way; each by side, service and method.
 */
export function createMetrics(options: MetricsOptions = {}): RpcMetrics {
  const now = options.now ?? (() => performance.now());
  const served = new Map<string, MethodMetrics>();
  for (const service of options.services ?? []) {
    for (const { path } of Object.values(service.methods)) {
      served.set(path, new MethodMetrics('server', path));
    }
  }
  const other = new MethodMetrics('server', '/other/other');
  const called = new Map<string, MethodMetrics>();
  const methods = (): MethodMetrics[] => {
    const unknown = other.requests === 0 ? [] : [other];
    return [...served.values(), ...unknown, ...called.values()];
  };
  return {
    server: (next) => (call) => {
      next(new CountedServerCall(call, served.get(call.path) ?? other, now));
    },
    client: (next) => ({
      open(method: MethodInfo, opened: OpenOptions, sink: ClientSink): ClientCall {
        let metrics = called.get(method.path);
        if (metrics === undefined) {
          metrics = new MethodMetrics('client', method.path);
          called.set(method.path, metrics);
        }
        return new CountedClientCall(sink, metrics, now).open(next, method, opened);
      },
      close: () => next.close(),
    }),
    methods,
    render: () => renderMetrics(methods(), now()),
  };
}

class CountedServerCall extends WatchedServerCall {
  readonly #metrics: MethodMetrics;
  readonly #now: () => number;
  readonly #startedAt: number;

  constructor(call: ServerCall, metrics: MethodMetrics, now: () => number) {
    super(call);
    this.#metrics = metrics;
    this.#now = now;
    this.#startedAt = now();
    metrics.began();
  }

  protected override received(bytes: Uint8Array): void {
    this.#metrics.received(bytes);
  }

  protected override sent(bytes: Uint8Array): void {
    this.#metrics.sent(bytes);
  }

  protected override ended(error: RpcError | undefined): void {
    this.#metrics.ended(error, this.#startedAt, this.#now());
  }
}

class CountedClientCall extends WatchedClientCall {
  readonly #metrics: MethodMetrics;
  readonly #now: () => number;
  readonly #startedAt: number;

  constructor(sink: ClientSink, metrics: MethodMetrics, now: () => number) {
    super(sink);
    this.#metrics = metrics;
    this.#now = now;
    this.#startedAt = now();
    metrics.began();
  }

  protected override received(bytes: Uint8Array): void {
    this.#metrics.received(bytes);
  }

  protected override sent(bytes: Uint8Array): void {
    this.#metrics.sent(bytes);
  }

  protected override ended(trailer: Trailer): void {
    this.#metrics.ended(trailer.error, this.#startedAt, this.#now());
  }
}
