import type { ClientCall, ClientSink, OpenOptions, Transport } from '../core/call.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import type { Metadata } from '../core/metadata.ts';
import type { MethodInfo } from '../core/method.ts';
import type { Code } from '../rpc-error.ts';
import { HedgeCall } from './hedge-call.ts';
import { RetryBudget } from './retry-budget.ts';

export interface HedgeOptions {
  /** How often one call is sent at most, the first time included: 2. More than 5 are 5. */
  readonly maxAttempts?: number;
  /**
   * After how many milliseconds without an answer the next attempt begins: 100. 0 sends all at
   * once. Best a little above what most calls of the method take.
   */
  readonly delayMs?: number | ((method: MethodInfo) => number);
  /**
   * After which codes the next attempt begins at once, beside errors that are marked `retryable`
   * and refused calls: `unavailable`. Any other failure ends the call.
   */
  readonly nonFatalCodes?: readonly Code[];
  /** Which calls may be sent twice. By default what the `.proto` says of the method. */
  readonly isIdempotent?: (method: MethodInfo, metadata: Metadata) => boolean;
  /** By default one of its own. Give the same one to all that repeat calls to the same server. */
  readonly budget?: RetryBudget;
  /** The longest request, in bytes, that is kept for later attempts: 256 KiB. */
  readonly maxBufferedBytes?: number;
  readonly clock?: Clock;
}

/**
 * Sends a call that takes long a second time, to another server behind a load balancer, and takes
 * the first answer; the others are cancelled. Only calls with one request and of methods that may be
 * sent twice are hedged; all others pass through.
 *
 * An attempt answers with its first message that is not empty, or with its end without an error:
 * neither a header nor an empty message is an answer yet, and both are told once their attempt has
 * won. A unary attempt that ends well without a message has not answered. When all attempts fail,
 * the call ends as the last one did.
 *
 * Source: gRFC A6, "Hedging Policy"; Dean and Barroso, "The Tail at Scale", 2013.
 */
export function hedge(options: HedgeOptions = {}): (next: Transport) => Transport {
  const settings = resolve(options);
  return (next) => new HedgeTransport(next, settings);
}

/** The options with their defaults. */
export interface HedgeSettings {
  readonly maxAttempts: number;
  readonly delayMs: (method: MethodInfo) => number;
  readonly nonFatalCodes: ReadonlySet<Code>;
  readonly isIdempotent: (method: MethodInfo, metadata: Metadata) => boolean;
  readonly budget: RetryBudget;
  readonly maxBufferedBytes: number;
  readonly clock: Clock;
}

function resolve(options: HedgeOptions): HedgeSettings {
  const { delayMs = 100 } = options;
  return {
    maxAttempts: Math.min(5, options.maxAttempts ?? 2),
    delayMs: typeof delayMs === 'function' ? delayMs : () => delayMs,
    nonFatalCodes: new Set(options.nonFatalCodes ?? ['unavailable']),
    isIdempotent: options.isIdempotent ?? ((method) => method.idempotency !== 'unknown'),
    budget: options.budget ?? new RetryBudget(),
    maxBufferedBytes: options.maxBufferedBytes ?? 256 * 1024,
    clock: options.clock ?? systemClock,
  };
}

class HedgeTransport implements Transport {
  readonly #next: Transport;
  readonly #settings: HedgeSettings;

  constructor(next: Transport, settings: HedgeSettings) {
    this.#next = next;
    this.#settings = settings;
  }

  open(method: MethodInfo, options: OpenOptions, sink: ClientSink): ClientCall {
    const hasOneRequest = method.kind === 'unary' || method.kind === 'server-stream';
    if (!hasOneRequest || !this.#settings.isIdempotent(method, options.metadata)) {
      return this.#next.open(method, options, sink);
    }
    return new HedgeCall(this.#next, this.#settings, method, options, sink);
  }

  close(): Promise<void> {
    return this.#next.close();
  }
}
