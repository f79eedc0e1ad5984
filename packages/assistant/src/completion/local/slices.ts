import { setImmediate } from 'node:timers/promises';

/** Time that long work may hold the event loop. */
const maxHoldMs = 4;

/** Lets others run while long work is done: `breathe` waits only when it is time to. */
export class Slices {
  readonly #signal: AbortSignal;
  #since = performance.now();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** Throws the signal's reason when it is aborted. */
  async breathe(): Promise<void> {
    this.#signal.throwIfAborted();
    if (performance.now() - this.#since < maxHoldMs) return;
    await setImmediate();
    this.#signal.throwIfAborted();
    this.#since = performance.now();
  }

  /** Runs a generator to its end, breathing at each `yield`. */
  async run<T>(steps: Generator<void, T>): Promise<T> {
    for (;;) {
      const step = steps.next();
      if (step.done) return step.value;
      await this.breathe();
    }
  }
}
