export {
  ConcurrencyLimiter,
  type ConcurrencyLimiterOptions,
  type Lease,
} from './concurrency-limiter.ts';
export {
  type LimitResult,
  limitResult,
  type Rate,
  type RateOptions,
  rateOf,
} from './gcra.ts';
export { RateLimiter, type RateLimiterOptions } from './rate-limiter.ts';
export { type Tier, type TierName, tiers } from './tiers.ts';
