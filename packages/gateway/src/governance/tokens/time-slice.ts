import { setImmediate } from 'node:timers/promises';

/**
 * How long a piece of work may hold the thread. The work looks every now and then whether its time
 * is over, and then waits until what else was due has had its turn.
 */
export class TimeSlice {
  readonly #lengthMs: number;
  #endMs = 0;

  constructor(lengthMs: number) {
    this.#lengthMs = lengthMs;
  }

  /** By the clock of `performance.now()`. Over before the first turn. */
  get isOver(): boolean {
    return performance.now() > this.#endMs;
  }

  async next(): Promise<void> {
    await setImmediate();
    this.#endMs = performance.now() + this.#lengthMs;
  }
}
