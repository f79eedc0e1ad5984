import type { LimitResult } from '@zeke/foundation/limits';
import type { SubjectLeft } from '../../governance/rate-limits/subjects-left.ts';
import { type Exchange, jsonResponse } from '../exchange.ts';
import type { Services } from '../services.ts';

/** `GET /rate-limit/status`: what is left to the caller now; asking takes nothing. */
export async function rateLimitStatus(
  { rateLimits }: Services,
  exchange: Exchange,
): Promise<Response> {
  const { caller, peer, request } = exchange;
  const subjects = rateLimits.isOn ? rateLimits.subjectsOf(caller, request, peer) : [];
  const limits = (await rateLimits.leftTo(subjects)).map(stateOf);
  return jsonResponse(exchange, { enabled: rateLimits.isOn, limits });
}

function stateOf({ subject, requests, tokens, places }: SubjectLeft): object {
  const { id, kind, limiters } = subject;
  const { name, tier } = limiters;
  return {
    kind,
    id,
    tier: name,
    ...(requests ? { requests: rateState(requests, tier.requests?.burst) } : {}),
    ...(tokens ? { tokens: rateState(tokens, tier.tokens?.burst) } : {}),
    ...(places === undefined ? {} : { concurrent: { limit: tier.concurrent, remaining: places } }),
  };
}

function rateState({ limit, remaining, resetAtMs }: LimitResult, burst = limit): object {
  return {
    limit_per_minute: limit,
    burst,
    remaining,
    resets_at: new Date(resetAtMs).toISOString(),
  };
}
