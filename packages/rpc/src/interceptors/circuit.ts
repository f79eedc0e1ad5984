import { type Clock, wheelClock } from '../core/clock.ts';
import { markRefused } from '../core/refused.ts';
import { warnOfHook } from '../core/warn.ts';
import { type Code, RpcError } from '../rpc-error.ts';

export interface BreakerOptions {
  /** What failed, for the message of the error: `the billing service`. Default `the server`. */
  readonly name?: string;
  /** So many failures within `windowMs` open the breaker: 5. */
  readonly failures?: number;
  /** In milliseconds: 60,000. */
  readonly windowMs?: number;
  /** How long it stays open, in milliseconds: 30,000. */
  readonly openMs?: number;
  /** Calls that are let through at once to see whether the server is back: 3. */
  readonly halfOpenCalls?: number;
  /** So many successes in a row close it again: 2. */
  readonly successes?: number;
  /**
   * Which failures count: `serverFaults`.
   * Others say that the server works, and count as successes; `canceled` counts as neither.
   */
  readonly codes?: readonly Code[];
  /** Told after each change. */
  readonly onChange?: (state: BreakerState) => void;
  readonly clock?: Pick<Clock, 'now'>;
}

export type BreakerState = 'closed' | 'open' | 'half-open';

/** The codes by which a server, or the way to it, is at fault; with all others it has worked. */
export const serverFaults: readonly Code[] = [
  'unavailable',
  'deadline_exceeded',
  'internal',
  'unknown',
  'data_loss',
];

type State =
  | { readonly kind: 'closed'; readonly failedAt: number[] }
  | { readonly kind: 'open'; readonly until: number }
  | { readonly kind: 'half-open'; readonly since: number; running: number; successes: number };

/**
 * The states of a circuit breaker, for who makes calls of another kind than an interceptor sees:
 * `enter` before each, and `succeeded` or `failed` after it with the `epoch` from before.
 */
export class Circuit {
  readonly #name: string;
  readonly #failures: number;
  readonly #windowMs: number;
  readonly #openMs: number;
  readonly #halfOpenCalls: number;
  readonly #successes: number;
  readonly #codes: ReadonlySet<Code>;
  readonly #onChange: ((state: BreakerState) => void) | undefined;
  readonly #clock: Pick<Clock, 'now'>;
  #state: State = { kind: 'closed', failedAt: [] };
  /** Grows each time it opens or tries anew: results of earlier calls are out of date. */
  epoch = 0;

  constructor(options: BreakerOptions) {
    this.#name = options.name ?? 'the server';
    this.#failures = options.failures ?? 5;
    this.#windowMs = options.windowMs ?? 60_000;
    this.#openMs = options.openMs ?? 30_000;
    this.#halfOpenCalls = options.halfOpenCalls ?? 3;
    this.#successes = options.successes ?? 2;
    this.#codes = new Set(options.codes ?? serverFaults);
    this.#onChange = options.onChange;
    this.#clock = options.clock ?? wheelClock;
  }

  get state(): BreakerState {
    this.#pass();
    return this.#state.kind;
  }

  /** For how long it lets nothing through, in milliseconds; 0: it may. */
  get restsForMs(): number {
    const state = this.#state;
    return state.kind === 'open' ? Math.max(0, state.until - this.#clock.now()) : 0;
  }

  /** Lets a call through, or says why not. */
  enter(): RpcError | undefined {
    this.#pass();
    const state = this.#state;
    if (state.kind === 'closed') return undefined;
    if (state.kind === 'half-open' && state.running < this.#halfOpenCalls) {
      state.running++;
      return undefined;
    }
    const message =
      state.kind === 'open'
        ? `${this.#name} has failed too often; it is asked again in ${Math.ceil(state.until - this.#clock.now())} ms`
        : `${this.#name} has failed too often, and other calls find out whether it is back`;
    return markRefused(new RpcError('unavailable', message, { retryable: true }));
  }

  /** It worked: told once for each call that was let through. */
  succeeded(epoch: number): void {
    const state = this.#state;
    if (epoch !== this.epoch || state.kind !== 'half-open') return;
    state.running--;
    state.successes++;
    if (state.successes >= this.#successes) this.#become({ kind: 'closed', failedAt: [] });
  }

  /** `hasSucceeded`: it has been counted as a success before, with its first message. */
  failed(epoch: number, code: Code, hasSucceeded: boolean): void {
    if (epoch !== this.epoch) return;
    const state = this.#state;
    if (this.#codes.has(code)) {
      if (state.kind === 'half-open') this.#open();
      else if (state.kind === 'closed') this.#count(state.failedAt);
      return;
    }
    if (hasSucceeded) return;
    if (code !== 'canceled') this.succeeded(epoch);
    else if (state.kind === 'half-open') state.running--;
  }

  /** Opens or closes it, as others with the same server have found; `onChange` is not told. */
  learn(state: 'open' | 'closed'): void {
    if (this.#state.kind === state) return;
    this.epoch++;
    this.#state =
      state === 'closed'
        ? { kind: 'closed', failedAt: [] }
        : { kind: 'open', until: this.#clock.now() + this.#openMs };
  }

  /** The failures of the window, oldest first. */
  #count(failedAt: number[]): void {
    const now = this.#clock.now();
    failedAt.push(now);
    if (failedAt.length > this.#failures) failedAt.shift();
    if (failedAt.length < this.#failures) return;
    if (now - (failedAt[0] as number) <= this.#windowMs) this.#open();
  }

  #open(): void {
    this.epoch++;
    this.#become({ kind: 'open', until: this.#clock.now() + this.#openMs });
  }

  /** What time alone changes: open becomes half-open, and calls there that never end are given up. */
  #pass(): void {
    const state = this.#state;
    if (state.kind === 'closed') return;
    const now = this.#clock.now();
    if (state.kind === 'open' && now >= state.until) this.#try(now);
    else if (state.kind === 'half-open' && now >= state.since + this.#openMs) {
      this.epoch++;
      this.#try(now);
    }
  }

  #try(now: number): void {
    this.#become({ kind: 'half-open', since: now, running: 0, successes: 0 });
  }

  #become(state: State): void {
    const isChange = state.kind !== this.#state.kind;
    this.#state = state;
    if (!isChange || this.#onChange === undefined) return;
    try {
      this.#onChange(state.kind);
    } catch (reason) {
      warnOfHook('onChange of a breaker', reason);
    }
  }
}
