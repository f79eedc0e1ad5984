import { parseTime } from '@zeke/foundation';
import { z } from 'zod';
import { type Caller, isModelAllowed } from '../../governance/authenticate.ts';
import { keyScopes } from '../../governance/key-store.ts';
import {
  authorize,
  authorizeFor,
  mayGrant,
  mayReach,
  scopeOf,
} from '../../governance/permissions.ts';
import {
  answeredSpan,
  type UsageSpan,
  usageGroups,
  usageReport,
} from '../../governance/usage-report.ts';
import { type Exchange, jsonResponse } from '../exchange.ts';
import { keysOf } from '../keys-of.ts';
import { parseJsonObject, readBody } from '../read-body.ts';
import type { Services } from '../services.ts';
import { filledList, oneOf, parsed, roleAbove, shownText, wrong } from './admin-input.ts';

/** How long a provider may take to answer a probe, in milliseconds. */
const probeTimeoutMs = 10_000;

const keyPrivacies = ['any', 'local_only'] as const;

export const createKeyRequest = z
  .strictObject({
    name: shownText().describe('What the key is for.'),
    owner: shownText().default('default').describe('Who it belongs to.'),
    scopes: filledList(oneOf(keyScopes)).default(['inference']),
    allowed_models: filledList(shownText())
      .max(200, 'it has more than 200 entries')
      .optional()
      .describe('Names as callers write them or provider/model; * stands for any text.'),
    expires_at: z.iso
      .datetime({ offset: true, error: 'it must be a time such as 2027-01-31T12:00:00Z' })
      .optional()
      .describe('RFC 3339, in the future.'),
    user_id: z.string().optional().describe('The user whose it is.'),
    team_id: z.string().optional().describe("The team it counts for, in place of the user's own."),
    tier: shownText().optional().describe('By whose rates it is limited; the operator gives it.'),
    privacy: oneOf(keyPrivacies)
      .optional()
      .describe('local_only: no provider elsewhere is asked for its requests.'),
  })
  .meta({ id: 'CreateKeyRequest' });

/** `POST /admin/keys`. The answer holds the secret, this once. */
export async function createKey(services: Services, exchange: Exchange): Promise<Response> {
  const body = parseJsonObject(await readBody(exchange, services));
  const {
    expires_at: expires,
    allowed_models: allowedModels,
    user_id: userId,
    team_id: teamId,
    ...given
  } = parsed(createKeyRequest, body);
  const expiresAtMs = expires === undefined ? undefined : Date.parse(expires);
  if (expiresAtMs !== undefined && expiresAtMs <= services.now()) {
    throw wrong('expires_at', 'it is in the past');
  }
  await authorizeKeyFor(services, exchange.caller, { userId, teamId });
  refuseMoreModels(exchange.caller, allowedModels);
  if (given.tier !== undefined) checkTier(services, exchange.caller, given.tier);
  const { privacy, tier, ...named } = given;
  const { key, secret } = await services.keys.create({
    ...named,
    ...(privacy === 'local_only' ? { privacy } : {}),
    ...(tier === undefined ? {} : { tier }),
    ...(userId === undefined ? {} : { userId }),
    ...(teamId === undefined ? {} : { teamId }),
    ...(allowedModels ? { allowedModels } : {}),
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
  });
  return jsonResponse(exchange, { ...key, secret }, { status: 201 });
}

/** Who could give tiers to keys of its own would have no limits. */
function checkTier({ rateLimits }: Services, caller: Caller, tier: string): void {
  authorize(caller, 'gateway.operate');
  const { tierNames } = rateLimits;
  if (tierNames.includes(tier)) return;
  throw wrong('tier', `there is no tier ${tier}; there are ${tierNames.join(', ')}`);
}

/** Whom a key is for decides what it may: the caller has to reach so far, and may so much itself. */
async function authorizeKeyFor(
  { entities }: Services,
  caller: Caller,
  { userId, teamId }: { userId: string | undefined; teamId: string | undefined },
): Promise<void> {
  const user = userId === undefined ? undefined : await entities.users.get(userId, 'user_id');
  const team = teamId === undefined ? undefined : await entities.teams.get(teamId, 'team_id');
  if (user && team && user.orgId !== team.orgId) {
    throw wrong('team_id', `the team is of another organisation than the user ${user.name}`);
  }
  const target = {
    orgId: user?.orgId ?? team?.orgId,
    teamId: teamId ?? user?.teamId,
    userId,
  };
  authorizeFor(caller, 'keys.write', target, 'keys of others; name a user_id or team_id in reach');
  if (user && !mayGrant(caller, user.role)) throw roleAbove(caller, user.role);
}

/** A key that is for some models makes none that is for more. */
function refuseMoreModels(caller: Caller, allowed: readonly string[] | undefined): void {
  if (!caller.allowedModels) return;
  if (allowed?.every((pattern) => isModelAllowed(caller, [pattern]))) return;
  throw wrong('allowed_models', 'the key that asks is for fewer models itself');
}

/** `GET /admin/keys`: those in the caller's reach. */
export async function listKeys(services: Services, exchange: Exchange): Promise<Response> {
  const { caller } = exchange;
  const keys = await services.keys.list();
  return jsonResponse(exchange, {
    data: keys.filter((key) => mayReach(caller, 'keys.read', key)),
  });
}

/** `DELETE /admin/keys/{id}` */
export async function revokeKey(
  services: Services,
  exchange: Exchange,
  id: string,
): Promise<Response> {
  await reachedKey(services, exchange.caller, id);
  return jsonResponse(exchange, await services.keys.revoke(id));
}

/** 30 days. */
const maxGraceSeconds = 2_592_000;

export const rotateKeyRequest = z
  .strictObject({
    grace_s: z
      .int('it must be a whole number of seconds')
      .min(0, 'it is less than 0')
      .max(maxGraceSeconds, `it is more than ${maxGraceSeconds}, which is 30 days`)
      .default(86_400)
      .describe('How long the secret from before works beside the new one, in seconds.'),
  })
  .meta({ id: 'RotateKeyRequest' });

/** `POST /admin/keys/{id}/rotate`. The answer holds the new secret, this once. */
export async function rotateKey(
  services: Services,
  exchange: Exchange,
  id: string,
): Promise<Response> {
  const text = await readBody(exchange, services);
  const body = text.trim() === '' ? {} : parseJsonObject(text);
  const { grace_s: graceSeconds } = parsed(rotateKeyRequest, body);
  await reachedKey(services, exchange.caller, id);
  const { key, secret } = await services.keys.rotate(id, graceSeconds * 1_000);
  return jsonResponse(exchange, { ...key, secret });
}

/** Throws `not_found`, and `permission_denied` for a key that the caller may not change. */
async function reachedKey({ keys }: Services, caller: Caller, id: string): Promise<void> {
  const key = await keys.get(id);
  authorizeFor(caller, 'keys.write', key, `the key ${id}`);
  if (key.role && !mayGrant(caller, key.role)) throw roleAbove(caller, key.role);
}

export const changeKeyRequest = z
  .strictObject({
    tier: shownText()
      .nullable()
      .optional()
      .describe('By whose rates it is limited; null: the default ones.'),
    privacy: oneOf(keyPrivacies)
      .optional()
      .describe('local_only: no provider elsewhere is asked for its requests.'),
  })
  .refine(({ privacy, tier }) => privacy !== undefined || tier !== undefined, {
    error: 'it is missing: give tier, privacy or both',
    path: ['tier'],
  })
  .meta({ id: 'ChangeKeyRequest' });

/** `PATCH /admin/keys/{id}` */
export async function changeKey(
  services: Services,
  exchange: Exchange,
  id: string,
): Promise<Response> {
  const body = parseJsonObject(await readBody(exchange, services));
  const { privacy, tier } = parsed(changeKeyRequest, body);
  if (typeof tier === 'string') checkTier(services, exchange.caller, tier);
  const changes = {
    ...(tier === undefined ? {} : { tier }),
    ...(privacy === undefined ? {} : { privacy }),
  };
  return jsonResponse(exchange, await services.keys.change(id, changes));
}

export const usageQuery = z
  .strictObject({
    group_by: z
      .string()
      .default('day')
      .describe(`Parted by commas: ${usageGroups.join(', ')}.`)
      .transform((text) => text.split(',').filter(Boolean))
      .pipe(z.array(oneOf(usageGroups))),
    from: z.string().optional().describe('RFC 3339 time or date, inclusive.'),
    to: z.string().optional().describe('RFC 3339 time or date, exclusive.'),
    key: z.string().optional().describe("A key's id."),
    model: z.string().optional(),
    provider: z.string().optional(),
    org: z.string().optional().describe("An organisation's id."),
    team: z.string().optional().describe("A team's id."),
    user: z.string().optional().describe("A user's id."),
  })
  .meta({ id: 'UsageQuery' });

/** `GET /admin/usage` */
export async function getUsage(services: Services, exchange: Exchange): Promise<Response> {
  const query = Object.fromEntries(new URLSearchParams(exchange.query));
  const given = parsed(usageQuery, query);
  const { group_by: groupBy, from, to, key, model, provider } = given;
  const fromMs = from === undefined ? undefined : timeOf('from', from);
  const toMs = to === undefined ? undefined : timeOf('to', to);
  if (fromMs !== undefined && toMs !== undefined && fromMs > toMs) {
    throw wrong('from', 'it is later than to');
  }
  const asked = { orgId: given.org, teamId: given.team, userId: given.user };
  // What a caller may see wins over what it asks for.
  const scope = { ...asked, ...scopeOf(exchange.caller, 'usage.read') };
  await services.background.current();
  await services.ledger.flush();
  const span = {
    ...(fromMs === undefined ? {} : { fromMs }),
    ...(toMs === undefined ? {} : { toMs }),
  };
  const rows = await usageReport(services.storage, {
    groupBy,
    ...span,
    ...(key === undefined ? {} : { keyId: key }),
    ...(model === undefined ? {} : { model }),
    ...(provider === undefined ? {} : { provider }),
    ...scope,
  });
  const answered = await answeredSpan(services.storage, span);
  return jsonResponse(exchange, { data: rows, ...toldSpan(span, answered) });
}

/** What a report is about where that is not what was asked: rows that would part an hour are gone. */
function toldSpan(asked: UsageSpan, answered: UsageSpan): { from?: string; to?: string } {
  const { fromMs, toMs } = answered;
  return {
    ...(fromMs === undefined || fromMs === asked.fromMs
      ? {}
      : { from: new Date(fromMs).toISOString() }),
    ...(toMs === undefined || toMs === asked.toMs ? {} : { to: new Date(toMs).toISOString() }),
  };
}

/** `GET /admin/providers`: each is asked for its models, so that the answer says what works. */
export async function listProviders(services: Services, exchange: Exchange): Promise<Response> {
  const { catalog, figures, health } = services;
  const signal = AbortSignal.any([exchange.request.signal, AbortSignal.timeout(probeTimeoutMs)]);
  const data = await Promise.all(
    catalog.providers.map(async (provider) => {
      const { accounts, dialects, local, name, type } = provider;
      const probe = await health.check(provider, catalog, signal);
      const keys = accounts ? { keys: keysOf(provider, figures) } : {};
      const known = { name, type, dialects, local, ...keys };
      if (probe.ok) {
        const { latencyMs, models } = probe;
        return { ...known, status: 'ok', latencyMs, models };
      }
      const { code, message } = probe.error;
      return { ...known, status: 'failed', error: { code, message } };
    }),
  );
  return jsonResponse(exchange, { data });
}

function timeOf(param: string, text: string): number {
  const time = parseTime(text);
  if (time !== undefined) return time;
  throw wrong(param, 'it must be a time such as 2026-01-31 or 2026-01-31T12:00:00Z');
}
