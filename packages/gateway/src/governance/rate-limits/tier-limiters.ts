import type { LimitTierConfig } from '@zeke/foundation';
import { ConcurrencyLimiter, RateLimiter, type RateOptions } from '@zeke/foundation/limits';
import type { HeldPlaces } from './held-places.ts';

/** A lease that is not given back by then is taken to be lost: no answer takes a day. */
const leaseMs = 86_400_000;

/** What is limited by the minute. */
export const rateNames = ['requests', 'tokens'] as const;
export type RateName = (typeof rateNames)[number];

export interface TierLimitersOptions {
  readonly name: string;
  readonly tier: LimitTierConfig;
  readonly monotonicMs: () => number;
  /** By how many the tier is shared. Default 1. */
  readonly parts?: number;
  /** Counts places in place of the limiters' own. */
  readonly places?: HeldPlaces;
  /** Those of the same tier in another configuration: what is alike goes on. */
  readonly before?: TierLimiters;
}

/** The limiters of one tier, or of a part of it, each of which is absent where nothing is limited. */
export class TierLimiters {
  readonly name: string;
  readonly tier: LimitTierConfig;
  readonly parts: number;
  readonly requests: RateLimiter | undefined;
  readonly tokens: RateLimiter | undefined;
  readonly concurrent: Pick<ConcurrencyLimiter, 'acquire' | 'remaining'> | undefined;

  constructor({ before, monotonicMs, name, parts = 1, places, tier }: TierLimitersOptions) {
    this.name = name;
    this.tier = tier;
    this.parts = parts;
    const rate = (what: RateName): RateLimiter | undefined => {
      const options = tier[what];
      const isSame = before?.parts === parts && Bun.deepEquals(before.tier[what], options);
      if (before && isSame) return before[what];
      return options && RateLimiter.init({ ...rateOfPart(options, parts), monotonicMs });
    };
    this.requests = rate('requests');
    this.tokens = rate('tokens');
    const { concurrent: limit } = tier;
    if (limit === undefined) this.concurrent = undefined;
    else if (places) this.concurrent = places.limitedTo(partOf(limit, parts));
    else if (before?.tier.concurrent === limit) this.concurrent = before.concurrent;
    else this.concurrent = ConcurrencyLimiter.init({ limit, leaseMs, monotonicMs });
  }

  /** Gives a key all its requests and tokens; names those of which it had used some. */
  reset(key: string): RateName[] {
    return rateNames.filter((name) => this[name]?.reset(key));
  }

  /** Forgets some of those that are limited no more: takes less than a millisecond for each limiter. */
  cleanup(): void {
    this.requests?.cleanup();
    this.tokens?.cleanup();
    if (this.concurrent instanceof ConcurrencyLimiter) this.concurrent.cleanup();
  }
}

/** What one of several may have of a number, at least 1. */
export function partOf(limit: number, parts: number): number {
  return Math.max(1, Math.floor(limit / parts));
}

function rateOfPart({ burst, limit, periodMs }: RateOptions, parts: number): RateOptions {
  return {
    limit: partOf(limit, parts),
    periodMs,
    ...(burst === undefined ? {} : { burst: partOf(burst, parts) }),
  };
}
