import type { Clock, Scheduled } from '../core/clock.ts';

/** Somebody who wants to be let in. */
export interface Waiter {
  /** The places are shared between groups, not between waiters. */
  readonly group: unknown;
  /** It is its turn. The place is taken until `leave`. */
  onAdmitted(): void;
  /** It has waited too long, and is no longer in the queue. */
  onTimeout(): void;
}

export interface AdmissionLimits {
  readonly maxInFlight: number;
  readonly maxQueued: number;
  readonly queueTimeoutMs: number;
  readonly clock: Clock;
}

/**
 * A number of places and a bounded queue before them. Nobody who comes later gets a free place
 * while others wait. The queue serves its groups in turn and each group first come, first served: a
 * group that floods the queue delays itself.
 */
export class AdmissionQueue {
  readonly #limits: AdmissionLimits;
  /** Groups in the order of their turn; none is empty. */
  readonly #groups = new Map<unknown, Map<Waiter, Scheduled>>();
  #inFlight = 0;
  #queued = 0;
  #isAdmitting = false;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get queued(): number {
    return this.#queued;
  }

  /** Groups with somebody in the queue. */
  get groups(): number {
    return this.#groups.size;
  }

  /** How many of a group are in the queue. */
  queuedOf(group: unknown): number {
    return this.#groups.get(group)?.size ?? 0;
  }

  /** Takes a place if one is free and nobody waits for it. */
  tryEnter(): boolean {
    if (this.#inFlight >= this.#limits.maxInFlight || this.#queued > 0) return false;
    this.#inFlight++;
    return true;
  }

  /** Lines up. False: the queue is full. */
  enqueue(waiter: Waiter): boolean {
    if (this.#queued >= this.#limits.maxQueued) return false;
    let group = this.#groups.get(waiter.group);
    if (group === undefined) {
      group = new Map();
      this.#groups.set(waiter.group, group);
    }
    const { clock, queueTimeoutMs } = this.#limits;
    const timer = clock.schedule(queueTimeoutMs, () => {
      this.remove(waiter);
      waiter.onTimeout();
    });
    group.set(waiter, timer);
    this.#queued++;
    return true;
  }

  /** Gives up waiting. Does nothing for who does not wait. */
  remove(waiter: Waiter): void {
    const group = this.#groups.get(waiter.group);
    const timer = group?.get(waiter);
    if (group === undefined || timer === undefined) return;
    timer.cancel();
    group.delete(waiter);
    if (group.size === 0) this.#groups.delete(waiter.group);
    this.#queued--;
  }

  /** Gives a place back, and with it lets the next one in. */
  leave(): void {
    this.#inFlight--;
    // Who is let in may leave at once: a loop, or the stack grows with the queue.
    if (this.#isAdmitting) return;
    this.#isAdmitting = true;
    while (this.#queued > 0 && this.#inFlight < this.#limits.maxInFlight) this.#admitNext();
    this.#isAdmitting = false;
  }

  #admitNext(): void {
    for (const [key, group] of this.#groups) {
      const [waiter] = group.keys();
      if (waiter === undefined) return;
      this.remove(waiter);
      // Its group's turn comes again after that of all others.
      if (this.#groups.delete(key)) this.#groups.set(key, group);
      this.#inFlight++;
      waiter.onAdmitted();
      return;
    }
  }
}
