import type { Metrics } from '@zeke/foundation';
import type { LimitResult } from '@zeke/foundation/limits';
import type { RpcError } from '@zeke/rpc';
import { apiError } from '../../neutral/api-error.ts';
import type { SubjectKind } from './subject.ts';
import { partOf, type TierLimiters } from './tier-limiters.ts';

/** What a limit counts. */
export type LimitName = 'requests' | 'tokens' | 'concurrent';

/** Who is limited, and by which tier; `parts` is 1 where its counts are those of all replicas. */
export interface LimitedSubject {
  readonly kind: SubjectKind;
  readonly id: string;
  readonly limiters: Pick<TierLimiters, 'name' | 'parts' | 'tier'>;
}

/** How soon to ask again where requests under way take all places, in milliseconds. */
const soonMs = 1_000;
const maxIdChars = 100;

/** Counts refusals by what was limited and by which limit. */
export function refusalCounter(metrics: Metrics): (entity: string, limit: string) => void {
  const counter = metrics.counter({
    name: 'rate_limit_refusals_total',
    help: 'Requests refused for their rate, by who or what was limited, and by which limit.',
    labels: ['entity', 'limit'],
  });
  return (entity, limit) => counter.add(1, entity, limit);
}

/** The subject with the whole of its tier, as all replicas count it together. */
export function wholeOf({ id, kind, limiters }: LimitedSubject): LimitedSubject {
  const { name, tier } = limiters;
  return { id, kind, limiters: { name, tier, parts: 1 } };
}

/** Too many requests of a subject. */
export function requestsRefusal(subject: LimitedSubject, result: LimitResult): RpcError {
  const { parts, tier } = subject.limiters;
  const { burst } = tier.requests ?? {};
  const atOnce = burst === undefined || parts > 1 ? '' : `, ${count(burst)} at once`;
  const limit = `${count(result.limit)} requests a minute${atOnce}`;
  return refusal(subject, limit, freesIn(result.retryAfterMs), result.retryAfterMs);
}

/**
 * Too many tokens. A request that takes more than the tier ever gives at once has no `retry-after`:
 * to ask again is of no use.
 */
export function tokensRefusal(
  subject: LimitedSubject,
  result: LimitResult,
  tokens: number,
): RpcError {
  const limit = `${count(result.limit)} tokens a minute`;
  const { retryAfterMs } = result;
  if (Number.isFinite(retryAfterMs)) {
    const when = `this request takes about ${count(tokens)}, and there is room for it in ${seconds(retryAfterMs)}`;
    return refusal(subject, limit, when, retryAfterMs);
  }
  const never = `this request takes about ${count(tokens)}, which is larger than the burst of ${count(result.limit)}: it never fits; send less`;
  return refusal(subject, limit, never, undefined);
}

/** Too many requests under way. */
export function concurrencyRefusal(subject: LimitedSubject): RpcError {
  const { parts, tier } = subject.limiters;
  const limit = `${count(partOf(tier.concurrent ?? 0, parts))} requests at the same time`;
  return refusal(subject, limit, 'it frees up when one of them ends', soonMs);
}

function refusal(
  { kind, id, limiters }: LimitedSubject,
  limit: string,
  when: string,
  retryAfterMs: number | undefined,
): RpcError {
  const { name, parts } = limiters;
  const of = parts > 1 ? `${name}, one part of ${parts} while Redis is away` : name;
  const message = `${kind} ${id.slice(0, maxIdChars)}: the limit is ${limit} (tier ${of}): ${when}`;
  return apiError('resource_exhausted', message, {
    // The words of OpenAI for both.
    reason: retryAfterMs === undefined ? 'request_too_large' : 'rate_limit_exceeded',
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    // Another model may have room; for the caller all are the same.
    ...(kind === 'model' ? { unfitting: true } : {}),
    retryable: false,
  });
}

function freesIn(ms: number): string {
  return `it frees up in ${seconds(ms)}`;
}

function seconds(ms: number): string {
  return `${Math.max(1, Math.ceil(ms / 1_000))} s`;
}

/** `50,000` */
function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}
