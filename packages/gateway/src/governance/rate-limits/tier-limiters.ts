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

  /** `before` are those of the same tier in another configuration: what is alike goes on. */
  constructor(
    name: string,
    tier: LimitTierConfig,
    monotonicMs: () => number,
    before?: TierLimiters,
  ) {
    this.name = name;
    this.tier = tier;
    const rate = (what: 'requests' | 'tokens'): RateLimiter | undefined => {
      const options = tier[what];
      if (before && Bun.deepEquals(before.tier[what], options)) return before[what];
      return options && RateLimiter.init({ ...options, monotonicMs });
    };
    this.requests = rate('requests');
    this.tokens = rate('tokens');
    const { concurrent: limit } = tier;
    if (limit === undefined) this.concurrent = undefined;
    else if (before?.tier.concurrent === limit) this.concurrent = before.concurrent;
    else this.concurrent = ConcurrencyLimiter.init({ limit, leaseMs, monotonicMs });
  }

  /** Forgets some of those that are limited no more: takes less than a millisecond for each limiter. */
  cleanup(): void {
    this.requests?.cleanup();
    this.tokens?.cleanup();
    this.concurrent?.cleanup();
  }
}
