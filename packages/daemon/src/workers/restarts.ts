/** In milliseconds; one that has run for `steadyMs` begins anew. */
const waits = { firstMs: 100, longestMs: 10_000, steadyMs: 30_000 } as const;

/** When a process that has ended is started again: at first soon, then ever later. */
export class Restarts {
  readonly #now: () => number;
  readonly #begun = new Map<number, number>();
  readonly #failures = new Map<number, number>();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();

  /** `now` is a monotonic clock, in milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The process of this place runs. */
  started(place: number): void {
    this.#begun.set(place, this.#now());
  }

  /** It has ended: starts it again in so many milliseconds, which it gives back. */
  schedule(place: number, start: () => void): number {
    const ranMs = this.#now() - (this.#begun.get(place) ?? 0);
    const failures = ranMs >= waits.steadyMs ? 0 : (this.#failures.get(place) ?? 0);
    this.#failures.set(place, failures + 1);
    const delayMs = Math.min(waits.firstMs * 2 ** failures, waits.longestMs);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      start();
    }, delayMs);
    this.#timers.add(timer);
    return delayMs;
  }

  /** Nothing is started any more. */
  cancel(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
