import type { LimitResult } from '@zeke/foundation/limits';
import type { Subject } from '../../governance/rate-limits/subject.ts';
import { type Exchange, jsonResponse } from '../exchange.ts';
import type { Services } from '../services.ts';

/** `GET /rate-limit/status`: what is left to the caller now; asking takes nothing. */
export function rateLimitStatus({ rateLimits }: Services, exchange: Exchange): Response {
  const { caller, peer, request } = exchange;
  const subjects = rateLimits.isOn ? rateLimits.subjectsOf(caller, request, peer) : [];
  const limits = subjects.map(stateOf);
  return jsonResponse(exchange, { enabled: rateLimits.isOn, limits });
}

function stateOf({ id, key, kind, limiters }: Subject): object {
  const { concurrent, name, requests, tier, tokens } = limiters;
  return {
    kind,
    id,
    tier: name,
    ...(requests ? { requests: rateState(requests.check(key, 0), tier.requests?.burst) } : {}),
    ...(tokens ? { tokens: rateState(tokens.check(key, 0), tier.tokens?.burst) } : {}),
    ...(concurrent
      ? { concurrent: { limit: tier.concurrent, remaining: concurrent.remaining(key) } }
      : {}),
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
