import type {
  CallHandler,
  ClientCall,
  ClientSink,
  OpenOptions,
  ServerCall,
  Transport,
} from '../core/call.ts';
import { type Clock, type Scheduled, wheelClock } from '../core/clock.ts';
import { FailedCall } from '../core/failed-call.ts';
import type { MethodInfo } from '../core/method.ts';
import { WatchedClientCall, WatchedServerCall } from '../core/watched-call.ts';
import { RpcError } from '../rpc-error.ts';

export interface DeadlineOptions {
  /** How long a call may take at most, in milliseconds; for all methods or each. Default: no limit. */
  readonly timeoutMs?: number | ((method: MethodInfo) => number | undefined);
  /**
   * The deadline of the call that is being answered, by `performance.now()`: calls made for it get
   * what is left of it. Infinity or undefined: there is none. For where a call cannot be given its
   * `parent` (`CallOptions`), which says this and more.
   */
  readonly parentDeadlineAt?: () => number | undefined;
  /** What of the parent's time is kept to answer it, in milliseconds: 0. */
  readonly reserveMs?: number;
  readonly clock?: Clock;
}

/**
 * Gives calls a deadline: the earliest of the caller's own, the method's and the parent's, so that a
 * caller's is made shorter and never longer. A call that outlasts a deadline set here is cancelled
 * with `deadline_exceeded`; one whose time is over before it begins is not opened.
 */
export function deadline(options: DeadlineOptions): (next: Transport) => Transport {
  return (next) => new DeadlineTransport(next, options);
}

class DeadlineTransport implements Transport {
  readonly #next: Transport;
  readonly #options: DeadlineOptions;
  readonly #clock: Clock;

  constructor(next: Transport, options: DeadlineOptions) {
    this.#next = next;
    this.#options = options;
    this.#clock = options.clock ?? wheelClock;
  }

  open(method: MethodInfo, options: OpenOptions, sink: ClientSink): ClientCall {
    const { timeoutMs, parentDeadlineAt, reserveMs = 0 } = this.#options;
    const own = typeof timeoutMs === 'function' ? timeoutMs(method) : timeoutMs;
    const parent = parentDeadlineAt?.() ?? Number.POSITIVE_INFINITY;
    const now = this.#clock.now();
    const limit = Math.min(now + (own ?? Number.POSITIVE_INFINITY), parent - reserveMs);
    if (limit >= options.deadlineAt) return this.#next.open(method, options, sink);
    const leftMs = limit - now;
    if (leftMs <= 0) return new FailedCall(sink, outOfTime(method, 'began'));
    const call = new TimedCall(sink, method, this.#clock, leftMs);
    return call.open(this.#next, method, { ...options, deadlineAt: limit });
  }

  close(): Promise<void> {
    return this.#next.close();
  }
}

class TimedCall extends WatchedClientCall {
  readonly #timer: Scheduled;

  constructor(sink: ClientSink, method: MethodInfo, clock: Clock, leftMs: number) {
    super(sink);
    this.#timer = clock.schedule(leftMs, () => this.cancel(outOfTime(method, 'ended')));
  }

  protected override ended(): void {
    this.#timer.cancel();
  }
}

function outOfTime(method: MethodInfo, what: 'began' | 'ended'): RpcError {
  return new RpcError('deadline_exceeded', `${method.path}: its time was over before it ${what}`);
}

export interface ServerDeadlineOptions {
  /** How long a call may take at most, in milliseconds; for all paths or each. */
  readonly timeoutMs: number | ((path: string) => number | undefined);
  readonly clock?: Clock;
}

/**
 * The same where calls are answered: the server sees the earlier of the client's deadline and this
 * one, and enforces it. For clients that set none, or one too long.
 */
export function serverDeadline(options: ServerDeadlineOptions): (next: CallHandler) => CallHandler {
  const { timeoutMs, clock = wheelClock } = options;
  return (next) => (call) => {
    const own = typeof timeoutMs === 'function' ? timeoutMs(call.path) : timeoutMs;
    const limit = clock.now() + (own ?? Number.POSITIVE_INFINITY);
    next(limit >= call.deadlineAt ? call : new ShorterServerCall(call, limit));
  };
}

class ShorterServerCall extends WatchedServerCall {
  readonly #deadlineAt: number;

  constructor(call: ServerCall, deadlineAt: number) {
    super(call);
    this.#deadlineAt = deadlineAt;
  }

  override get deadlineAt(): number {
    return this.#deadlineAt;
  }
}
