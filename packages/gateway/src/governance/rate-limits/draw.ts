import type { Lease, RateLimiter } from '@zeke/foundation/limits';
import type { LedgerEntry } from '../ledger.ts';

/** A subject's tokens, in the limiter that they were taken from. */
export interface TokenPurse {
  readonly limiter: RateLimiter;
  readonly key: string;
}

/**
 * What one attempt at a provider has taken: an estimate of its tokens from each purse, and a place of
 * its model's. The place is given back by `end`, and what the estimate was off by is charged by
 * `settle`, when it is known.
 */
export class Draw {
  readonly #purses: readonly TokenPurse[];
  readonly #estimate: number;
  readonly #lease: Lease | undefined;

  constructor(purses: readonly TokenPurse[], estimate: number, lease: Lease | undefined) {
    this.#purses = purses;
    this.#estimate = estimate;
    this.#lease = lease;
  }

  /** The attempt is not made. */
  giveBack(): void {
    this.#charge(-this.#estimate);
    this.end();
  }

  /** The attempt has ended, however it did. */
  end(): void {
    this.#lease?.release();
  }

  /** What the attempt used is known; where nobody can say, it was the estimate. */
  settle({ metered, outcome, usage }: Pick<LedgerEntry, 'metered' | 'outcome' | 'usage'>): void {
    if (!metered && outcome !== 'error') return;
    this.#charge(usage.input + usage.output - this.#estimate);
  }

  #charge(tokens: number): void {
    if (tokens === 0) return;
    const bounded = Math.max(-maxCharge, Math.min(maxCharge, Math.round(tokens) || 0));
    for (const { limiter, key } of this.#purses) limiter.charge(key, bounded);
  }
}

/** The most that a limiter takes at once; a provider may say anything. */
const maxCharge = 1_000_000_000;
