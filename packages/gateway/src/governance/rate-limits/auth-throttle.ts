import { isLoopbackHost, type Metrics } from '@zeke/foundation';
import { RateLimiter } from '@zeke/foundation/limits';
import type { RpcError } from '@zeke/rpc';
import { apiError } from '../../neutral/api-error.ts';
import { refusalCounter } from './refusals.ts';

/** Addresses that are remembered. */
const maxAddresses = 20_000;
/** Programs of this machine, which often share one wrong key, may fail so many times as often. */
const loopbackFactor = 10;

/**
 * Counts requests without a good key by the address that they are from. An address with too many is
 * answered 429 in place of 401, and the admin key, which people choose, is not believed from there
 * until it has rested. Keys of the gateway, which nobody can guess, still are: many callers may stand
 * behind one address.
 */
export class AuthThrottle {
  readonly #monotonicMs: () => number;
  readonly #refused: (entity: string, limit: string) => void;
  #perMinute = 0;
  #remote: RateLimiter | undefined;
  #loopback: RateLimiter | undefined;

  constructor(options: { metrics: Metrics; monotonicMs: () => number }) {
    this.#monotonicMs = options.monotonicMs;
    this.#refused = refusalCounter(options.metrics);
  }

  /** Failures of one address in a minute; 0 for as many as it likes. What was counted is forgotten. */
  configure(failuresPerMinute: number): void {
    if (failuresPerMinute === this.#perMinute) return;
    this.#perMinute = failuresPerMinute;
    this.#remote = undefined;
    this.#loopback = undefined;
  }

  get isOn(): boolean {
    return this.#perMinute > 0;
  }

  /** A request had no good key, with this error: what to tell. */
  failed(address: string | undefined, error: RpcError): RpcError {
    if (address === undefined || !this.isOn) return error;
    const { allowed, limit, retryAfterMs } = this.#limiterOf(address).check(address);
    return allowed ? error : this.#refusal(address, limit, retryAfterMs);
  }

  /** Throws `resource_exhausted` for an address that has failed too often. */
  check(address: string | undefined): void {
    if (address === undefined || !this.isOn) return;
    const limiter = this.#limiterOf(address);
    if (limiter.remaining(address) > 0) return;
    const { limit, retryAfterMs } = limiter.check(address);
    throw this.#refusal(address, limit, retryAfterMs);
  }

  /** Forgets the failures of an address; false where there were none. */
  reset(address: string): boolean {
    return this.isOn && this.#limiterOf(address).reset(address);
  }

  #limiterOf(address: string): RateLimiter {
    if (isLoopbackHost(address)) {
      this.#loopback ??= this.#limiter(this.#perMinute * loopbackFactor);
      return this.#loopback;
    }
    this.#remote ??= this.#limiter(this.#perMinute);
    return this.#remote;
  }

  #limiter(limit: number): RateLimiter {
    return RateLimiter.init({
      limit,
      periodMs: 60_000,
      maxKeys: maxAddresses,
      monotonicMs: this.#monotonicMs,
    });
  }

  #refusal(address: string, limit: number, retryAfterMs: number): RpcError {
    this.#refused('address', 'auth_failures');
    return apiError(
      'resource_exhausted',
      `address ${address}: more than ${limit} requests a minute without a valid API key; ask again in ${Math.ceil(retryAfterMs / 1_000)} s`,
      { reason: 'rate_limit_exceeded', retryAfterMs, retryable: false },
    );
  }
}
