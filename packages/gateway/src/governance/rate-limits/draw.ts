import type { RateLimiter } from '@zeke/foundation/limits';
import type { LedgerEntry } from '../ledger.ts';
import type { HeldClock } from './held-clock.ts';

/** A place among requests under way, until it is released. */
export interface Place {
  release(): unknown;
}

/** A subject's count in the limiter that something was taken from. */
interface Purse {
  readonly limiter: Pick<RateLimiter, 'charge'>;
  readonly key: string;
}

export interface DrawOptions {
  /** A request was taken from each. */
  readonly requests: readonly Purse[];
  /** The estimate was taken from each. */
  readonly tokens: readonly Purse[];
  readonly estimate: number;
  /** A place among those of the model. */
  readonly lease: Place | undefined;
  /** What the limiters go by, where they are of this process. */
  readonly clock?: HeldClock;
}

/** The most that a limiter takes at once; a provider may say anything. */
const maxCharge = 1_000_000_000;

/**
 * What one attempt at a provider has taken: a request and a place of its model's, and an estimate of
 * its tokens. The place is given back by `end`, and what the estimate was off by is charged by
 * `settle`, when it is known.
 */
export class Draw {
  readonly #options: DrawOptions;

  constructor(options: DrawOptions) {
    this.#options = options;
  }

  /** The attempt is not made. */
  giveBack(): void {
    const { estimate, requests, tokens } = this.#options;
    charge(requests, -1);
    charge(tokens, -estimate);
    this.end();
  }

  /** The attempt has ended, however it did. */
  end(): void {
    this.#options.lease?.release();
  }

  /** What the attempt used is known; where nobody can say, it was the estimate. */
  settle({ metered, outcome, usage }: Pick<LedgerEntry, 'metered' | 'outcome' | 'usage'>): void {
    if (!metered && outcome !== 'error') return;
    const { clock, estimate, tokens } = this.#options;
    clock?.stop();
    charge(tokens, usage.input + usage.output - estimate);
    clock?.goOn();
  }
}

function charge(purses: readonly Purse[], cost: number): void {
  const bounded = Math.max(-maxCharge, Math.min(maxCharge, Math.round(cost) || 0));
  if (bounded === 0) return;
  for (const { limiter, key } of purses) limiter.charge(key, bounded);
}
