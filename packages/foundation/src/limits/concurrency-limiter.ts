import { LeaseList } from './lease-list.ts';
import { limitKey, wholeNumber } from './whole-number.ts';

export interface ConcurrencyLimiterOptions {
  /** Leases that a key may hold at once: 1 to 100,000. */
  readonly limit: number;
  /**
   * 1 to 86,400,000: after this long a lease that was neither released nor renewed is taken to be
   * lost, and counts no more. Default 600,000.
   */
  readonly leaseMs?: number;
  /** Leases of all keys together: 1 to 10,000,000, default 100,000. Beyond, all are refused. */
  readonly maxLeases?: number;
  /**
   * Milliseconds on a clock that no setting of the time moves. Default `performance.now`. When it
   * does go back it is taken to stand still meanwhile.
   */
  readonly monotonicMs?: () => number;
}

/** The right to be one of those who do something at once. */
export interface Lease {
  readonly key: string;
  /** Gives the right back; false when it had ended before. */
  release(): boolean;
  /** Begins its time anew; false when it had ended before, and then it stays ended. */
  renew(): boolean;
  [Symbol.dispose](): void;
}

const endedPerCleanup = 2_048;

/**
 * Limits how much happens at once, for each key, in memory. Only keys that hold something are
 * remembered.
 */
export class ConcurrencyLimiter {
  readonly #limit: number;
  readonly #maxLeases: number;
  readonly #leases: LeaseList;

  /** A limiter in which nobody holds anything. @throws RpcError that names the option. */
  static init(options: ConcurrencyLimiterOptions): ConcurrencyLimiter {
    return new ConcurrencyLimiter(options);
  }

  private constructor(options: ConcurrencyLimiterOptions) {
    this.#limit = wholeNumber(options.limit, 'limit', 1, 100_000);
    this.#maxLeases = wholeNumber(options.maxLeases ?? 100_000, 'maxLeases', 1, 10_000_000);
    const leaseMs = wholeNumber(options.leaseMs ?? 600_000, 'leaseMs', 1, 86_400_000);
    this.#leases = new LeaseList(leaseMs, options.monotonicMs ?? (() => performance.now()));
  }

  /** Leases that are held by all keys. */
  get size(): number {
    this.#leases.endLost(Number.POSITIVE_INFINITY);
    return this.#leases.size;
  }

  /**
   * A lease, or undefined when the key holds all it may, or all keys together do.
   * @throws RpcError invalid_argument for a key of 0 or more than 256 characters.
   */
  acquire(key: string): Lease | undefined {
    if (this.remaining(key) === 0 || this.#leases.size >= this.#maxLeases) return undefined;
    return this.#leases.add(key);
  }

  /** Leases that a key may still hold. */
  remaining(key: string): number {
    this.#leases.endLost(Number.POSITIVE_INFINITY);
    return this.#limit - this.#leases.countOf(limitKey(key));
  }

  /**
   * Ends lost leases, 2,048 at most so that no call takes a millisecond, and says how many. Without
   * it the next call of any other method does so.
   */
  cleanup(): number {
    return this.#leases.endLost(endedPerCleanup);
  }
}
