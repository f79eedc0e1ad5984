import { RpcError } from '../../rpc-error.ts';

/** How often something may happen. */
export interface Rate {
  /** In the long run; more than 0, fractions are fine. */
  readonly perSecond: number;
  /** At once, after a rest: at least 1. Default: what a second allows, at least 1. */
  readonly burst?: number;
}

interface Bucket {
  tokens: number;
  filledAt: number;
}

/** How many old buckets are looked at for one that is full, before one is thrown away. */
const lookedAt = 8;

/** A token bucket for each name, of which a bounded number is kept. */
export class TokenBuckets {
  readonly #perMs: number;
  readonly #burst: number;
  readonly #maxBuckets: number;
  readonly #buckets = new Map<string, Bucket>();

  /** @throws RpcError invalid_argument for a rate that lets nothing through. */
  constructor(rate: Rate, maxBuckets: number) {
    const { perSecond, burst = Math.max(1, perSecond) } = rate;
    if (!(perSecond > 0 && burst >= 1 && maxBuckets >= 1)) {
      throw new RpcError(
        'invalid_argument',
        `rate limit: ${perSecond} a second, ${burst} at once, ${maxBuckets} callers: all must be more than 0`,
      );
    }
    this.#perMs = perSecond / 1000;
    this.#burst = burst;
    this.#maxBuckets = maxBuckets;
  }

  /** The number of names that are known. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Takes a token and answers 0, or answers the milliseconds until there is one. */
  take(name: string, nowMs: number): number {
    let bucket = this.#buckets.get(name);
    if (bucket === undefined) {
      this.#makeRoom(nowMs);
      bucket = { tokens: this.#burst, filledAt: nowMs };
      this.#buckets.set(name, bucket);
    }
    this.#fill(bucket, nowMs);
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1;
      return 0;
    }
    return (1 - bucket.tokens) / this.#perMs;
  }

  #fill(bucket: Bucket, nowMs: number): void {
    if (nowMs <= bucket.filledAt) return;
    const more = (nowMs - bucket.filledAt) * this.#perMs;
    bucket.tokens = Math.min(this.#burst, bucket.tokens + more);
    bucket.filledAt = nowMs;
  }

  /**
   * Forgets a full bucket, which a new one would equal. Those looked at in vain go to the end, so
   * that the next search begins elsewhere.
   */
  #makeRoom(nowMs: number): void {
    if (this.#buckets.size < this.#maxBuckets) return;
    let left = lookedAt;
    for (const [name, bucket] of this.#buckets) {
      this.#buckets.delete(name);
      this.#fill(bucket, nowMs);
      left -= 1;
      if (bucket.tokens >= this.#burst || left === 0) return;
      this.#buckets.set(name, bucket);
    }
  }
}
