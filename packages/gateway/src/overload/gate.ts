import { RpcError } from '@zeke/rpc';
import { type AdmissionLimits, AdmissionQueue, type Waiter } from '@zeke/rpc/admission';
import { apiError, shuttingDown } from '../neutral/api-error.ts';

/** How many may be inside, and how many may wait for how long. */
export interface GateLimits {
  places: number;
  maxQueued: number;
  queueTimeoutMs: number;
}

/** Why one was sent away: the queue is full, its wait would be too long, or it was. */
export type ShedReason = 'full' | 'hopeless' | 'late';

export interface GateOptions {
  /** What has the places, for messages: `requests`; and the key that says how many there are. */
  readonly what: string;
  readonly key: string;
  readonly limits: GateLimits;
  readonly clock: AdmissionLimits['clock'];
  /** Told of each who had to wait and was let in. */
  readonly onAdmitted: (waitedMs: number) => void;
  readonly onShed: (reason: ShedReason) => void;
}

/** A pace that was measured longer ago says nothing of the next wait, in milliseconds. */
const paceHoldsMs = 60_000;
/** How much of the time between two who leave the newest decides. */
const share = 0.2;
/** Before a pace is known, one is told to come back so soon, in milliseconds. */
const soonMs = 1_000;

/**
 * A number of places, and a bounded queue before them that serves its groups in turn. Who would wait
 * longer than the queue allows is sent away at once rather than late, and a group has at most half of
 * the queue.
 */
export class Gate {
  /** Changed by a reload; who waits goes on waiting as long as was said. */
  readonly limits: GateLimits;
  readonly #options: GateOptions;
  readonly #queue: AdmissionQueue;
  readonly #waiting = new Set<Waiting>();
  #leftAt: number | undefined;
  /** Between two who leave while all places are taken: a moving average. */
  #leaveEveryMs: number | undefined;

  constructor(options: GateOptions) {
    const { clock } = options;
    const limits = { ...options.limits };
    this.limits = limits;
    this.#options = options;
    this.#queue = new AdmissionQueue({
      clock,
      get maxInFlight() {
        return limits.places;
      },
      get maxQueued() {
        return limits.maxQueued;
      },
      get queueTimeoutMs() {
        return limits.queueTimeoutMs;
      },
    });
  }

  get inside(): number {
    return this.#queue.inFlight;
  }

  get waiting(): number {
    return this.#queue.queued;
  }

  /**
   * Takes a place: at once, without a promise, where one is free. Rejects with `unavailable` for who
   * cannot wait or has waited too long, and with `canceled` when the client leaves.
   */
  enter(group: unknown, client: AbortSignal): Promise<void> | undefined {
    return this.#queue.tryEnter() ? undefined : this.#wait(group, client);
  }

  /** Gives a place back. */
  leave(): void {
    // Also where all who came were sent away: else a pace that is over would hold for ever.
    if (this.#queue.inFlight >= this.limits.places) this.#noteLeave();
    else this.#leftAt = undefined;
    this.#queue.leave();
  }

  /** The process ends: nobody waits any longer. */
  close(): void {
    for (const each of [...this.#waiting]) each.giveUp(shuttingDown());
  }

  #wait(group: unknown, client: AbortSignal): Promise<void> {
    const { limits } = this;
    const expectedMs = this.#expectedWaitMs(group);
    if (expectedMs > limits.queueTimeoutMs) {
      return Promise.reject(this.#shed('hopeless', expectedMs));
    }
    const ofGroup = Math.max(1, Math.floor(limits.maxQueued / 2));
    const isTooMany = limits.maxQueued > 0 && this.#queue.queuedOf(group) >= ofGroup;
    const waiting = new Waiting(group, client, this.#options.clock.now());
    if (isTooMany || !this.#queue.enqueue(waiting)) {
      return Promise.reject(this.#shed('full', expectedMs));
    }
    this.#waiting.add(waiting);
    waiting.onEnd = (isInside, isLate) => {
      this.#waiting.delete(waiting);
      const waitedMs = this.#options.clock.now() - waiting.sinceMs;
      if (isInside) this.#options.onAdmitted(waitedMs);
      else this.#queue.remove(waiting);
      return isLate ? this.#shed('late', waitedMs) : undefined;
    };
    waiting.heedClient();
    return waiting.promise;
  }

  /** Those before it: at most as many of each other group as of its own. */
  #expectedWaitMs(group: unknown): number {
    const own = this.#queue.queuedOf(group);
    const before = Math.min(this.#queue.queued, (own + 1) * this.#queue.groups) + 1;
    const sinceMs = this.#options.clock.now() - (this.#leftAt ?? Number.NEGATIVE_INFINITY);
    return sinceMs > paceHoldsMs ? 0 : before * (this.#leaveEveryMs ?? 0);
  }

  #noteLeave(): void {
    const now = this.#options.clock.now();
    if (this.#leftAt !== undefined) {
      const ms = now - this.#leftAt;
      const known = this.#leaveEveryMs ?? ms;
      this.#leaveEveryMs = known + share * (ms - known);
    }
    this.#leftAt = now;
  }

  #shed(reason: ShedReason, expectedMs: number): RpcError {
    const { key, onShed, what } = this.#options;
    onShed(reason);
    const { places } = this.limits;
    return apiError(
      'unavailable',
      `zeke has as many ${what} under way as it may, ${places} (${key}), and others wait: ask again later`,
      {
        status: 503,
        reason: 'overloaded',
        retryAfterMs: Math.max(soonMs, expectedMs),
        retryable: true,
      },
    );
  }
}

/** One who waits, until it is let in or gives up. */
class Waiting implements Waiter {
  readonly group: unknown;
  readonly sinceMs: number;
  readonly #client: AbortSignal;
  readonly #settled = Promise.withResolvers<void>();
  #hasEnded = false;
  /** Called once; gives the error for who has waited too long. */
  onEnd: ((isInside: boolean, isLate: boolean) => RpcError | undefined) | undefined;

  constructor(group: unknown, client: AbortSignal, sinceMs: number) {
    this.group = group;
    this.#client = client;
    this.sinceMs = sinceMs;
  }

  get promise(): Promise<void> {
    return this.#settled.promise;
  }

  heedClient(): void {
    if (this.#client.aborted) this.#leave();
    else this.#client.addEventListener('abort', this.#leave, { once: true });
  }

  onAdmitted(): void {
    if (this.#end(true, false).isFirst) this.#settled.resolve();
  }

  onTimeout(): void {
    const { error, isFirst } = this.#end(false, true);
    if (isFirst) this.#settled.reject(error);
  }

  giveUp(error: RpcError): void {
    if (this.#end(false, false).isFirst) this.#settled.reject(error);
  }

  readonly #leave = () => this.giveUp(new RpcError('canceled', 'the client left'));

  #end(isInside: boolean, isLate: boolean): { isFirst: boolean; error?: RpcError | undefined } {
    if (this.#hasEnded) return { isFirst: false };
    this.#hasEnded = true;
    this.#client.removeEventListener('abort', this.#leave);
    return { isFirst: true, error: this.onEnd?.(isInside, isLate) };
  }
}
