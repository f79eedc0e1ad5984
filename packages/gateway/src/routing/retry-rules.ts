import type { RpcError } from '@zeke/rpc';
import { type ApiErrorInfo, apiErrorInfo } from '../neutral/api-error.ts';

/** When a failed attempt is worth another. All of it is before the first byte. */
interface RetryRule {
  readonly name: string;
  readonly holds: (error: RpcError, status: number | undefined) => boolean;
  /** Whether another key of the provider, where it has several, may do at once. */
  readonly otherKey?: true;
  /** How often at most the same is asked again, when all others have failed, too. */
  readonly times: number;
  /** Before the first repetition, doubled before each further one; 0: not at all. */
  readonly backOffMs: number;
}

/**
 * The first rule that holds decides. After the first byte nothing is repeated: the caller has seen a
 * part of an answer, and another would not fit to it. A `retry-after` takes the place of the
 * back-off; one of more than `maxRetryAfterMs` is left to the caller.
 */
const retryRules: readonly RetryRule[] = [
  {
    name: 'the key is refused (401, 403), or has no money left',
    holds: (error) => isOfKey(apiErrorInfo(error)),
    otherKey: true,
    times: 0,
    backOffMs: 0,
  },
  {
    name: 'the key may not do this (403)',
    holds: ({ code }, status) => code === 'permission_denied' && status !== undefined,
    otherKey: true,
    times: 0,
    backOffMs: 0,
  },
  {
    name: 'the model rests with this key',
    holds: (error) => apiErrorInfo(error).reason === 'circuit_open',
    otherKey: true,
    times: 0,
    backOffMs: 0,
  },
  {
    name: 'it may not be asked, or zeke shuts down',
    holds: (error) => ofOurs.has(apiErrorInfo(error).reason ?? ''),
    times: 0,
    backOffMs: 0,
  },
  {
    name: 'a timeout: the caller has waited long enough',
    holds: ({ code }) => code === 'deadline_exceeded',
    times: 0,
    backOffMs: 0,
  },
  {
    name: 'too many requests (429)',
    holds: (error, status) => status === 429 || error.code === 'resource_exhausted',
    otherKey: true,
    times: 2,
    backOffMs: 500,
  },
  {
    name: 'the provider is overloaded or failed (500, 502, 503, 529)',
    holds: (_, status) => status !== undefined && status >= 500,
    times: 2,
    backOffMs: 250,
  },
  {
    name: 'the connection failed, or the answer is no answer',
    holds: ({ code }) => code === 'unavailable' || code === 'data_loss',
    times: 1,
    backOffMs: 50,
  },
];

/** The longest `retry-after` that is waited for, in milliseconds. */
const maxRetryAfterMs = 5_000;

/** Refusals that the provider has no part in. */
const ofOurs: ReadonlySet<string> = new Set(['local_only', 'shutting_down']);

/** What concerns one key of a provider alone. */
function isOfKey({ provider, reason }: ApiErrorInfo): boolean {
  if (provider === undefined) return false;
  return reason === 'provider_credentials' || reason === 'insufficient_quota';
}

/** Whether a request that failed with one key of a provider is sent with another at once. */
export function leadsToOtherKey(error: RpcError): boolean {
  const { provider, refusal } = apiErrorInfo(error);
  if (provider === undefined) return false;
  return retryRules.find(({ holds }) => holds(error, refusal?.status))?.otherKey ?? false;
}

/**
 * How long to wait before the same candidate is asked again, in milliseconds; undefined: not at all.
 * `before` is how often that was done, `random` from 0 up to 1: the back-off is spread over half of
 * itself, so that many that failed at once do not come back at once.
 */
export function retryDelay(error: RpcError, before: number, random: number): number | undefined {
  if (!error.retryable) return undefined;
  const { refusal, retryAfterMs } = apiErrorInfo(error);
  const rule = retryRules.find(({ holds }) => holds(error, refusal?.status));
  if (rule === undefined || before >= rule.times) return undefined;
  if (retryAfterMs !== undefined) return retryAfterMs > maxRetryAfterMs ? undefined : retryAfterMs;
  return rule.backOffMs * 2 ** before * (0.5 + random / 2);
}
