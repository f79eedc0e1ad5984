import type { Lease } from '@zeke/foundation/limits';

/** Leases of all keys together. Beyond, all are refused. */
const maxHeld = 100_000;

/** How many requests are under way here, for each key: what this replica holds of what all share. */
export class HeldPlaces {
  readonly #counts = new Map<string, number>();
  readonly #onChange: (key: string, by: 1 | -1, isTold: boolean) => void;
  #size = 0;

  /** `onChange` is told of each change; `isTold` where Redis has counted it already. */
  constructor(onChange: (key: string, by: 1 | -1, isTold: boolean) => void) {
    this.#onChange = onChange;
  }

  get size(): number {
    return this.#size;
  }

  countOf(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  entries(): Iterable<[key: string, count: number]> {
    return this.#counts.entries();
  }

  /** Takes a place, whatever others have; `isTold` where Redis has counted it already. */
  take(key: string, isTold: boolean): Lease {
    this.#move(key, 1, isTold);
    let isHeld = true;
    const release = (): boolean => {
      if (!isHeld) return false;
      isHeld = false;
      this.#move(key, -1, false);
      return true;
    };
    return { key, release, renew: () => isHeld, [Symbol.dispose]: () => void release() };
  }

  /** Lets each key have so many places here. */
  limitedTo(limit: number): {
    acquire(key: string): Lease | undefined;
    remaining(key: string): number;
  } {
    const remaining = (key: string): number => Math.max(0, limit - this.countOf(key));
    const acquire = (key: string): Lease | undefined =>
      remaining(key) === 0 || this.#size >= maxHeld ? undefined : this.take(key, false);
    return { acquire, remaining };
  }

  #move(key: string, by: 1 | -1, isTold: boolean): void {
    const count = this.countOf(key) + by;
    if (count === 0) this.#counts.delete(key);
    else this.#counts.set(key, count);
    this.#size += by;
    this.#onChange(key, by, isTold);
  }
}
