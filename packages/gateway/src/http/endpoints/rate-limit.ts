import type { LimitResult } from '@zeke/foundation/limits';
import { z } from 'zod';
import { namedAddress } from '../../governance/rate-limits/client-address.ts';
import { type SubjectName, subjectKinds } from '../../governance/rate-limits/subject.ts';
import type { SubjectLeft } from '../../governance/rate-limits/subjects-left.ts';
import { apiError } from '../../neutral/api-error.ts';
import { type Exchange, jsonResponse } from '../exchange.ts';
import { parseJsonObject, readBody } from '../read-body.ts';
import type { Services } from '../services.ts';
import { oneOf, parsed, wrong } from './admin-input.ts';

/** Names of owners and models are as long as the configuration has them. */
const maxIdChars = 2_048;

export const resetLimitsRequest = z
  .strictObject({
    kind: oneOf(subjectKinds),
    id: z
      .string('it must be text')
      .min(1, 'it is empty')
      .max(maxIdChars, `it is longer than ${maxIdChars} characters`)
      .describe("A key's, a user's or a team's id, an owner, an address, or a model."),
  })
  .meta({ id: 'ResetLimits' });

/**
 * `POST /admin/limits/reset`: one that is limited has all its requests and tokens again. The operator
 * alone: who could reset its own limits would have none.
 */
export async function resetLimits(services: Services, exchange: Exchange): Promise<Response> {
  const body = parseJsonObject(await readBody(exchange, services));
  const subject = await knownSubject(services, parsed(resetLimitsRequest, body));
  const freed = await services.rateLimits.reset(subject);
  return jsonResponse(exchange, { ...subject, freed });
}

/** The subject as limits know it. Throws `not_found` for one that is not there, or never limited. */
async function knownSubject(
  { entities, keys, rateLimits }: Services,
  { id, kind }: SubjectName,
): Promise<SubjectName> {
  switch (kind) {
    case 'key':
      await keys.get(id);
      break;
    case 'user':
      await entities.users.get(id, 'id');
      break;
    case 'team':
      await entities.teams.get(id, 'id');
      break;
    case 'owner':
    case 'model': {
      const names = rateLimits.limitedNames(kind);
      if (names.includes(id)) break;
      const known = names.join(', ') || 'none';
      const message = `limits.${kind}s of the configuration does not have ${id.slice(0, 200)}; there are: ${known}`;
      throw apiError('not_found', message, { param: 'id' });
    }
    case 'address': {
      const address = namedAddress(id);
      if (address === undefined)
        throw wrong('id', 'it is no address, such as 203.0.113.7 or 2001:db8::1');
      return { kind, id: address };
    }
  }
  return { kind, id };
}

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

/** What is left to one, in the words of the API. */
export function stateOf({ subject, requests, tokens, places }: SubjectLeft): object {
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
