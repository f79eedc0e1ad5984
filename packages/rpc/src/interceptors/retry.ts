import type { Backoff } from '../core/backoff.ts';
import type { ClientCall, ClientSink, OpenOptions, Transport } from '../core/call.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import type { Metadata } from '../core/metadata.ts';
import type { MethodInfo } from '../core/method.ts';
import type { Code, RpcError } from '../rpc-error.ts';
import { RetryBudget } from './retry-budget.ts';
import { RetryCall } from './retry-call.ts';

export interface RetryOptions {
  /** How often one call is sent at most, the first time included: 4. More than 5 are 5. */
  readonly maxAttempts?: number;
  /** How often a call that no service has seen is sent again at once, counted nowhere: 1. */
  readonly maxRefusals?: number;
  /** The waits in between: 100 ms, doubled up to 1 s, ± 20 %. */
  readonly backoff?: Partial<Backoff>;
  /**
   * After which codes a method that may be sent twice is sent again, beside errors that are marked
   * `retryable`: `unavailable`.
   */
  readonly idempotentCodes?: readonly Code[];
  /**
   * The same for every other method, and here no mark helps: none. Name only codes by which the
   * service says that it has done nothing.
   */
  readonly otherCodes?: readonly Code[];
  /** Which calls may be sent twice. By default what the `.proto` says of the method. */
  readonly isIdempotent?: (method: MethodInfo, metadata: Metadata) => boolean;
  /** By default one of its own. Give the same one to all that repeat calls to the same server. */
  readonly budget?: RetryBudget;
  /** Of the messages of one call, kept to be sent again: 256 KiB. A longer call is not repeated. */
  readonly maxBufferedBytes?: number;
  /** The same for all calls together: 16 MiB. A call that would need more is not repeated. */
  readonly maxTotalBufferedBytes?: number;
  /** The longest wait that a server may ask for, in milliseconds: 60,000. More ends the call. */
  readonly maxPushbackMs?: number;
  /** Told of each repetition before its wait. */
  readonly onRetry?: (event: RetryEvent) => void;
  readonly clock?: Clock;
  /** Numbers from 0 to below 1. */
  readonly random?: () => number;
}

/** A call is about to be sent again. */
export interface RetryEvent {
  readonly method: MethodInfo;
  /** Which attempt it will be. One that is counted nowhere has the number of the one before it. */
  readonly attempt: number;
  readonly delayMs: number;
  /** Why the attempt before it failed. */
  readonly error: RpcError;
}

/**
 * Sends a failed call again where that is safe: the method may be sent twice, the code says that
 * nothing was done, or no service has seen the call (`isRefused`; the first such failure is followed
 * at once). Never after the first message of the answer and, in a streaming
 * call, never after its header; never when the wait would outlast the deadline. The budget, a
 * `grpc-retry-pushback-ms` in the trailer and a `google.rpc.RetryInfo` in the error are obeyed, and
 * attempts say their number in `grpc-previous-rpc-attempts`.
 *
 * A unary call's header is told with its message, so that a failed attempt leaves no trace.
 *
 * Source: gRFC A6.
 */
export function retry(options: RetryOptions = {}): (next: Transport) => Transport {
  const settings = resolve(options);
  return (next) => new RetryTransport(next, settings);
}

/** The options with their defaults. */
export interface RetrySettings {
  readonly maxAttempts: number;
  readonly maxRefusals: number;
  readonly backoff: Backoff;
  readonly idempotentCodes: ReadonlySet<Code>;
  readonly otherCodes: ReadonlySet<Code>;
  readonly isIdempotent: (method: MethodInfo, metadata: Metadata) => boolean;
  readonly budget: RetryBudget;
  readonly maxBufferedBytes: number;
  readonly maxTotalBufferedBytes: number;
  readonly maxPushbackMs: number;
  readonly onRetry: ((event: RetryEvent) => void) | undefined;
  readonly clock: Clock;
  readonly random: () => number;
}

function resolve(options: RetryOptions): RetrySettings {
  return {
    maxAttempts: Math.min(5, options.maxAttempts ?? 4),
    maxRefusals: options.maxRefusals ?? 1,
    backoff: { initialMs: 100, maxMs: 1_000, multiplier: 2, jitter: 0.2, ...options.backoff },
    idempotentCodes: new Set(options.idempotentCodes ?? ['unavailable']),
    otherCodes: new Set(options.otherCodes),
    isIdempotent: options.isIdempotent ?? saysProto,
    budget: options.budget ?? new RetryBudget(),
    maxBufferedBytes: options.maxBufferedBytes ?? 256 * 1024,
    maxTotalBufferedBytes: options.maxTotalBufferedBytes ?? 16 * 1024 * 1024,
    maxPushbackMs: options.maxPushbackMs ?? 60_000,
    onRetry: options.onRetry,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
  };
}

function saysProto(method: MethodInfo): boolean {
  return method.idempotency !== 'unknown';
}

/** What the calls of one transport share. */
export class RetryTransport implements Transport {
  readonly next: Transport;
  readonly settings: RetrySettings;
  /** What all calls keep to send again, in bytes. */
  bufferedBytes = 0;
  closing = false;
  /** The calls that wait for their next attempt. */
  readonly waiting: Set<RetryCall> = new Set();

  constructor(next: Transport, settings: RetrySettings) {
    this.next = next;
    this.settings = settings;
  }

  open(method: MethodInfo, options: OpenOptions, sink: ClientSink): ClientCall {
    return new RetryCall(this, method, options, sink);
  }

  close(): Promise<void> {
    this.closing = true;
    for (const call of this.waiting) call.giveUp();
    return this.next.close();
  }
}
