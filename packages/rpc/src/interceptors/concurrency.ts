import type {
  CallHandler,
  ClientCall,
  ClientSink,
  OpenOptions,
  ServerCall,
  Trailer,
  Transport,
} from '../core/call.ts';
import { type Clock, wheelClock } from '../core/clock.ts';
import { FailedCall } from '../core/failed-call.ts';
import { HeldCall, HoldLimit } from '../core/held-call.ts';
import { Metadata } from '../core/metadata.ts';
import type { MethodInfo } from '../core/method.ts';
import { openFenced } from '../core/open-fenced.ts';
import { WatchedServerCall } from '../core/watched-call.ts';
import { RpcError } from '../rpc-error.ts';
import { AdmissionQueue, type Waiter } from './admission-queue.ts';

interface ConcurrencyOptions {
  /** Calls that run at once; a stream counts until its end. */
  readonly maxInFlight: number;
  /** Calls that wait for a place: 1,000. More are `resource_exhausted`. */
  readonly maxQueued?: number;
  /** How long a call waits at most, in milliseconds: 1,000. Then it is `resource_exhausted`. */
  readonly queueTimeoutMs?: number;
  readonly clock?: Clock;
}

export interface ClientConcurrencyOptions extends ConcurrencyOptions {
  /** What all waiting calls may hold of messages together, in bytes: 16 MiB. */
  readonly maxQueuedBytes?: number;
  /** Waiting calls of different groups take turns. By default all are of one. */
  readonly groupOf?: (method: MethodInfo, metadata: Metadata) => unknown;
}

export interface ServerConcurrencyOptions extends ConcurrencyOptions {
  /** Waiting calls of different groups take turns. By default each connection is one. */
  readonly groupOf?: (call: ServerCall) => unknown;
}

/** Bounds the calls that a client has open at once; others wait their turn. */
export function limitConcurrency(
  options: ClientConcurrencyOptions,
): (next: Transport) => Transport {
  return (next) => new LimitedTransport(next, options);
}

/** Bounds the calls that a server answers at once; others wait unread, and are counted before they run. */
export function limitServerConcurrency(
  options: ServerConcurrencyOptions,
): (next: CallHandler) => CallHandler {
  const queue = queueOf(options);
  const groupOf = options.groupOf ?? ((call) => call.peer);
  return (next) => (call) => {
    const limited = new LimitedServerCall(call, queue, next, groupOf(call));
    limited.begin();
  };
}

function queueOf(options: ConcurrencyOptions): AdmissionQueue {
  return new AdmissionQueue({
    maxInFlight: options.maxInFlight,
    maxQueued: options.maxQueued ?? 1_000,
    queueTimeoutMs: options.queueTimeoutMs ?? 1_000,
    clock: options.clock ?? wheelClock,
  });
}

class LimitedTransport implements Transport {
  readonly next: Transport;
  readonly queue: AdmissionQueue;
  readonly #held: HoldLimit;
  readonly #groupOf: ClientConcurrencyOptions['groupOf'];

  constructor(next: Transport, options: ClientConcurrencyOptions) {
    // A call that throws must give its place back.
    this.next = {
      open: (method, opened, sink) => openFenced(next, method, opened, sink),
      close: () => next.close(),
    };
    this.queue = queueOf(options);
    this.#held = new HoldLimit(options.maxQueuedBytes ?? 16 * 1024 * 1024);
    this.#groupOf = options.groupOf;
  }

  open(method: MethodInfo, options: OpenOptions, sink: ClientSink): ClientCall {
    const group = this.#groupOf?.(method, options.metadata);
    const call = new LimitedCall(this, method, options, sink, this.#held, group);
    if (this.queue.tryEnter()) call.onAdmitted();
    else if (!this.queue.enqueue(call)) return new FailedCall(sink, tooMany(method.path));
    return call;
  }

  close(): Promise<void> {
    return this.next.close();
  }
}

class LimitedCall extends HeldCall implements ClientSink, Waiter {
  readonly group: unknown;
  readonly #limited: LimitedTransport;

  constructor(
    limited: LimitedTransport,
    method: MethodInfo,
    options: OpenOptions,
    sink: ClientSink,
    held: HoldLimit,
    group: unknown,
  ) {
    super(method, options, sink, held);
    this.#limited = limited;
    this.group = group;
  }

  onAdmitted(): void {
    this.begin(this.#limited.next, this);
  }

  onTimeout(): void {
    this.fail(waitedTooLong(this.method.path));
  }

  protected override onLeft(error: RpcError): RpcError {
    this.#limited.queue.remove(this);
    return error;
  }

  onHeader(metadata: Metadata): void {
    this.sink.onHeader(metadata);
  }

  onMessage(bytes: Uint8Array, compressed?: boolean): void {
    this.sink.onMessage(bytes, compressed);
  }

  onWritable(): void {
    this.sink.onWritable();
  }

  onEnd(trailer: Trailer): void {
    this.#limited.queue.leave();
    this.sink.onEnd(trailer);
  }
}

class LimitedServerCall extends WatchedServerCall implements Waiter {
  readonly group: unknown;
  readonly #queue: AdmissionQueue;
  readonly #next: CallHandler;
  #state: 'queued' | 'running' | 'over' = 'queued';
  #halfClosed = false;
  #paused = false;

  constructor(call: ServerCall, queue: AdmissionQueue, next: CallHandler, group: unknown) {
    super(call);
    this.#queue = queue;
    this.#next = next;
    this.group = group;
  }

  begin(): void {
    if (this.#queue.tryEnter()) {
      this.#state = 'running';
      this.#next(this);
    } else if (this.#queue.enqueue(this)) this.wraps.pause();
    else this.#refuse(tooMany(this.path));
  }

  onAdmitted(): void {
    this.#state = 'running';
    this.#next(this);
    if (!this.#paused) this.wraps.resume();
    if (this.#halfClosed && this.#isRunning) this.sink.onHalfClose();
  }

  onTimeout(): void {
    this.#refuse(waitedTooLong(this.path));
  }

  override pause(): void {
    this.#paused = true;
    super.pause();
  }

  override resume(): void {
    this.#paused = false;
    super.resume();
  }

  override onHalfClose(): void {
    if (this.#state === 'queued') this.#halfClosed = true;
    else super.onHalfClose();
  }

  protected override ended(): void {
    const wasRunning = this.#isRunning;
    this.#state = 'over';
    if (wasRunning) this.#queue.leave();
    else this.#queue.remove(this);
  }

  get #isRunning(): boolean {
    return this.#state === 'running';
  }

  #refuse(error: RpcError): void {
    this.sendEnd({ error, metadata: Metadata.empty });
  }
}

function tooMany(path: string): RpcError {
  return new RpcError(
    'resource_exhausted',
    `${path}: too many calls run or wait already; call again later`,
    { retryable: true },
  );
}

function waitedTooLong(path: string): RpcError {
  return new RpcError(
    'resource_exhausted',
    `${path}: the calls before it took too long; call again later`,
    { retryable: true },
  );
}
