export { type AdmitCall, admitCalls } from './admit-calls.ts';
export {
  type Breaker,
  type BreakerOptions,
  type BreakerState,
  breaker,
  createBreaker,
  serverFaults,
} from './breaker.ts';
export { type CompressOptions, compress } from './compress.ts';
export {
  type ClientConcurrencyOptions,
  limitConcurrency,
  limitServerConcurrency,
  type ServerConcurrencyOptions,
} from './concurrency.ts';
export {
  type DeadlineOptions,
  deadline,
  type ServerDeadlineOptions,
  serverDeadline,
} from './deadline.ts';
export { type DeduplicateOptions, deduplicate } from './deduplicate.ts';
export { type HedgeOptions, hedge } from './hedge.ts';
export { type IdempotencyKeyOptions, idempotencyKey, idempotencyKeys } from './idempotency-keys.ts';
export { type PrepareCall, prepareCalls } from './prepare-calls.ts';
export { type RetryEvent, type RetryOptions, retry } from './retry.ts';
export { RetryBudget, type RetryBudgetOptions } from './retry-budget.ts';
