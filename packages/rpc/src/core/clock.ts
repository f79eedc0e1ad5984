import { Timed, timerWheel } from './timer-wheel.ts';

/** Time, as everything that waits takes it, so that tests can turn it by hand. */
export interface Clock {
  /** Milliseconds that only grow; on the scale of `performance.now()`, as deadlines are. */
  now(): number;
  /**
   * Calls `callback` once, not before `delayMs` milliseconds have passed and never before this has
   * returned. The callback must not throw.
   */
  schedule(delayMs: number, callback: () => void): Scheduled;
}

export interface Scheduled {
  /** After this the callback is not called. Does nothing when it has been. */
  cancel(): void;
}

/** The longest delay that `setTimeout` knows; a longer one would fire at once. */
const maxTimeoutMs = 2 ** 31 - 1;

/** The clock of the process, on `setTimeout`. A scheduled callback keeps the process running. */
export const systemClock: Clock = {
  now: () => performance.now(),
  schedule: (delayMs, callback) => new Timeout(delayMs, callback),
};

/**
 * The same on the one timer that all deadlines of the process share: cheaper, called up to 4 ms
 * late, and it keeps no process running. For waits that most calls have.
 */
export const wheelClock: Clock = {
  now: () => performance.now(),
  schedule: (delayMs, callback) => new WheelEntry(delayMs, callback),
};

class WheelEntry extends Timed implements Scheduled {
  readonly #callback: () => void;

  constructor(delayMs: number, callback: () => void) {
    super();
    this.#callback = callback;
    timerWheel.add(this, performance.now() + delayMs);
  }

  cancel(): void {
    timerWheel.remove(this);
  }

  override onDue(): void {
    this.#callback();
  }
}

class Timeout implements Scheduled {
  readonly #callback: () => void;
  #timer: ReturnType<typeof setTimeout>;

  constructor(delayMs: number, callback: () => void) {
    this.#callback = callback;
    this.#timer = this.#arm(delayMs);
  }

  cancel(): void {
    clearTimeout(this.#timer);
  }

  #arm(delayMs: number): ReturnType<typeof setTimeout> {
    if (delayMs <= maxTimeoutMs) return setTimeout(this.#callback, delayMs);
    return setTimeout(() => {
      this.#timer = this.#arm(delayMs - maxTimeoutMs);
    }, maxTimeoutMs);
  }
}
