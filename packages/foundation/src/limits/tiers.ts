import type { RateOptions } from './gcra.ts';

/** What a caller of some tier may do. */
export interface Tier {
  readonly requests: RateOptions;
  /** Tokens of models, those of prompts and of answers. */
  readonly tokens: RateOptions;
}

export type TierName = 'free' | 'pro' | 'enterprise';

/**
 * The tiers that come with the house. Requests have a burst of their own; tokens have a minute's, as
 * one prompt may need them.
 */
export const tiers: Readonly<Record<TierName, Tier>> = {
  free: tier(20, 2_000, 5),
  pro: tier(200, 50_000, 20),
  enterprise: tier(1_000, 500_000, 100),
};

function tier(requestsPerMinute: number, tokensPerMinute: number, burst: number): Tier {
  return {
    requests: { limit: requestsPerMinute, periodMs: 60_000, burst },
    tokens: { limit: tokensPerMinute, periodMs: 60_000 },
  };
}
