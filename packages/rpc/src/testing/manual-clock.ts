import type { Clock, Scheduled } from '../core/clock.ts';

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  #now: number;
  readonly #timers = new Set<Timer>();

  constructor(startMs = 0) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  schedule(delayMs: number, callback: () => void): Scheduled {
    const timer: Timer = {
      at: this.#now + Math.max(0, delayMs),
      callback,
      cancel: () => this.#timers.delete(timer),
    };
    this.#timers.add(timer);
    return timer;
  }

  /** Callbacks that still wait. Zero after a test, or something leaks. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Milliseconds until the next callback, undefined without one. */
  get nextDelayMs(): number | undefined {
    const next = this.#next(Number.POSITIVE_INFINITY);
    return next && next.at - this.#now;
  }

  /**
   * Moves the time on and calls what falls due, in the order of its time and, at one time, of its
   * scheduling; what a callback schedules within the span is called too.
   */
  advance(ms: number): void {
    const until = this.#now + ms;
    for (let due = this.#next(until); due; due = this.#next(until)) {
      this.#now = Math.max(this.#now, due.at);
      this.#timers.delete(due);
      due.callback();
    }
    this.#now = until;
  }

  #next(until: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.at <= until && (next === undefined || timer.at < next.at)) next = timer;
    }
    return next;
  }
}

interface Timer extends Scheduled {
  readonly at: number;
  readonly callback: () => void;
}
