import type { LimitTierConfig } from '@zeke/foundation';
import { ConcurrencyLimiter, RateLimiter } from '@zeke/foundation/limits';

/** A lease that is not given back by then is taken to be lost: no answer takes a day. */
const leaseMs = 86_400_000;

/** The limiters of one tier, each of which is absent where the tier does not limit that. */
export class TierLimiters {
  readonly name: string;
  readonly tier: LimitTierConfig;
  readonly requests: RateLimiter | undefined;
  readonly tokens: RateLimiter | undefined;
  readonly concurrent: ConcurrencyLimiter | undefined;

  constructor(name: string, tier: LimitTierConfig, monotonicMs: () => number) {
    this.name = name;
    this.tier = tier;
    const { requests, tokens, concurrent } = tier;
    this.requests = requests && RateLimiter.init({ ...requests, monotonicMs });
    this.tokens = tokens && RateLimiter.init({ ...tokens, monotonicMs });
    this.concurrent =
      concurrent === undefined
        ? undefined
        : ConcurrencyLimiter.init({ limit: concurrent, leaseMs, monotonicMs });
  }

  /** Forgets some of those that are limited no more: takes less than a millisecond for each limiter. */
  cleanup(): void {
    this.requests?.cleanup();
    this.tokens?.cleanup();
    this.concurrent?.cleanup();
  }
}
