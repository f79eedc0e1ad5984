import type { Overload } from './overload.ts';

/**
 * One request to a model from its beginning until its answer is made and all its attempts have
 * ended, so until a stream's last byte has come or nobody reads it. It has a place all that time.
 */
export class Visit {
  readonly #overload: Overload;
  readonly #group: unknown;
  readonly #client: AbortSignal;
  /** The answer's making, and attempts that have not ended. */
  #open = 1;
  #hasStream = false;
  /** Called once, at the end. */
  onEnd: (() => void) | undefined;

  constructor(overload: Overload, group: unknown, client: AbortSignal) {
    this.#overload = overload;
    this.#group = group;
    this.#client = client;
  }

  /** Takes a place among streams; at once, without a promise, where one is free. */
  enterStream(): Promise<void> | undefined {
    const { streams } = this.#overload;
    const turn = streams.enter(this.#group, this.#client);
    if (turn === undefined) {
      this.#hasStream = true;
      return undefined;
    }
    return turn.then(() => {
      this.#hasStream = true;
    });
  }

  /** Something has begun that is part of the answer. */
  enter(): void {
    this.#open++;
  }

  /** It has ended, or the answer is made. */
  leave(): void {
    this.#open--;
    if (this.#open !== 0) return;
    if (this.#hasStream) this.#overload.streams.leave();
    this.#overload.requests.leave();
    this.onEnd?.();
  }
}
