/** Remembers what was used and must not be again, for as long as it would hold. */
export class UsedOnce {
  readonly #used = new Map<string, number>();
  readonly #max: number;

  /** How many are remembered; with more, the oldest are forgotten. */
  constructor(max = 10_000) {
    this.#max = max;
  }

  /** True the first time; after `untilMs` it is forgotten. */
  take(id: string, untilMs: number, nowMs: number): boolean {
    for (const [known, until] of this.#used) {
      if (until > nowMs && this.#used.size < this.#max) break;
      this.#used.delete(known);
    }
    if (this.#used.has(id)) return false;
    this.#used.set(id, untilMs);
    return true;
  }
}
