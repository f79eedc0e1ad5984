/** Looks at the time so often within the limit. */
const looks = 5;

/**
 * Finds out that replies, which come in the order of their commands, take longer than a limit: by two
 * counts, without a timer for each command. A process that stood still itself blames nobody.
 */
export class LateWatch {
  readonly #limitMs: number;
  readonly #onLate: () => void;
  #sent = 0;
  #answered = 0;
  /** How many were sent at the last looks, oldest first. */
  #marks: number[] = [];
  #lookedAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `onLate` is called once a reply is late by up to a fifth of the limit; `reset` begins anew. */
  constructor(limitMs: number, onLate: () => void) {
    this.#limitMs = limitMs;
    this.#onLate = onLate;
  }

  sent(): void {
    this.#sent++;
    if (this.#timer === undefined) this.#lookLater();
  }

  answered(): void {
    this.#answered++;
  }

  reset(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#marks = [];
    this.#answered = 0;
    this.#sent = 0;
  }

  #lookLater(): void {
    this.#lookedAt = performance.now();
    this.#timer = setTimeout(() => this.#look(), this.#limitMs / looks);
    this.#timer.unref();
  }

  #look(): void {
    this.#timer = undefined;
    if (this.#answered >= this.#sent) {
      this.#marks = [];
      return;
    }
    const stoodStill = performance.now() - this.#lookedAt > this.#limitMs;
    if (stoodStill) this.#marks = [];
    this.#marks.push(this.#sent);
    const due = this.#marks.length > looks ? (this.#marks.shift() ?? 0) : 0;
    if (this.#answered < due) this.#onLate();
    else this.#lookLater();
  }
}
