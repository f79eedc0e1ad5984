import { z } from 'zod';
import type { Caller } from '../../governance/authenticate.ts';
import { type Consent, consentDecisions } from '../../governance/consent/consents.ts';
import { authorizeFor, mayReach } from '../../governance/permissions.ts';
import { apiError } from '../../neutral/api-error.ts';
import { type Exchange, jsonResponse } from '../exchange.ts';
import { parseJsonObject, readBody } from '../read-body.ts';
import type { Services } from '../services.ts';
import { oneOf, parsed, shownText } from './admin-input.ts';

export const decideConsentRequest = z
  .strictObject({
    consent_id: shownText().describe('As the refused request was told it.'),
    decision: oneOf(consentDecisions).describe(
      'For one request, for the session or the project that the request named, or not at all.',
    ),
  })
  .meta({ id: 'DecideConsent' });

/** `GET /admin/consent`: the questions in the caller's reach that wait, the oldest first. */
export async function listConsents(services: Services, exchange: Exchange): Promise<Response> {
  const { caller } = exchange;
  const pending = await services.consents.pending();
  const data = pending
    .filter((consent) => mayReach(caller, 'consent.read', consent))
    .map((consent) => shown(consent));
  return jsonResponse(exchange, { data });
}

/** `POST /admin/consent` */
export async function decideConsent(services: Services, exchange: Exchange): Promise<Response> {
  const body = parseJsonObject(await readBody(exchange, services));
  const { consent_id: id, decision } = parsed(decideConsentRequest, body);
  const { caller } = exchange;
  const asked = await services.consents.get(id);
  authorizeFor(caller, 'consent.decide', asked, `the request of ${asked.owner ?? asked.caller}`);
  refuseOwn(caller, asked);
  const by = caller.keyId ?? caller.owner ?? 'local';
  return jsonResponse(exchange, shown(await services.consents.decide(id, decision, by)));
}

/** Who asks for consent does not give it; without keys, who is on this machine is who there is to ask. */
function refuseOwn({ keyId, userId }: Caller, asked: Consent): void {
  const isSame = keyId === asked.caller || (userId !== undefined && userId === asked.userId);
  if (!isSame) return;
  throw apiError(
    'permission_denied',
    'who asked for this consent cannot give it: somebody else who may has to',
    { reason: 'permission_denied', param: 'consent_id' },
  );
}

function shown(consent: Consent): object {
  const { caller, createdAtMs, decision, expiresAtMs, id, model, needs } = consent;
  const { orgId, owner, project, session, teamId, userId } = consent;
  return {
    consent_id: id,
    decision,
    for: needs.map(({ policy, reason, what }) => ({ policy, reason, ...what })),
    model,
    caller,
    owner,
    session_id: session,
    project,
    org_id: orgId,
    team_id: teamId,
    user_id: userId,
    created_at: new Date(createdAtMs).toISOString(),
    expires_at: new Date(expiresAtMs).toISOString(),
  };
}
