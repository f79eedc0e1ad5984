/**
 * A clock that may be stopped while one step asks it often: the limits of a request look at it some
 * ten times at once. Nothing may be waited for meanwhile.
 */
export class HeldClock {
  readonly #read: () => number;
  #heldMs: number | undefined;

  /** `read` gives milliseconds. */
  constructor(read: () => number) {
    this.#read = read;
  }

  /** Milliseconds: those at which it was stopped, else those of now. */
  readonly now = (): number => this.#heldMs ?? this.#read();

  stop(): void {
    this.#heldMs = this.#read();
  }

  goOn(): void {
    this.#heldMs = undefined;
  }
}
