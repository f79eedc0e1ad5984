import { parseTime } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { z } from 'zod';
import { keyScopes } from '../../governance/key-store.ts';
import { usageGroups, usageReport } from '../../governance/usage-report.ts';
import { apiError } from '../../neutral/api-error.ts';
import { type Exchange, jsonResponse } from '../exchange.ts';
import { parseJsonObject, readBody } from '../read-body.ts';
import type { Services } from '../services.ts';

/** How long a provider may take to answer a probe, in milliseconds. */
const probeTimeoutMs = 10_000;

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
  })
  .meta({ id: 'CreateKeyRequest' });

/** `POST /admin/keys`. The answer holds the secret, this once. */
export async function createKey(services: Services, exchange: Exchange): Promise<Response> {
  const body = parseJsonObject(await readBody(exchange, services));
  const {
    expires_at: expires,
    allowed_models: allowedModels,
    ...given
  } = parsed(createKeyRequest, body);
  const expiresAtMs = expires === undefined ? undefined : Date.parse(expires);
  if (expiresAtMs !== undefined && expiresAtMs <= services.now()) {
    throw wrong('expires_at', 'it is in the past');
  }
  const { key, secret } = await services.keys.create({
    ...given,
    ...(allowedModels ? { allowedModels } : {}),
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
  });
  return jsonResponse(exchange, { ...key, secret }, { status: 201 });
}

/** `GET /admin/keys` */
export async function listKeys(services: Services, exchange: Exchange): Promise<Response> {
  return jsonResponse(exchange, { data: await services.keys.list() });
}

/** `DELETE /admin/keys/{id}` */
export async function revokeKey(
  services: Services,
  exchange: Exchange,
  id: string,
): Promise<Response> {
  return jsonResponse(exchange, await services.keys.revoke(id));
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
  })
  .meta({ id: 'UsageQuery' });

/** `GET /admin/usage` */
export async function getUsage(services: Services, exchange: Exchange): Promise<Response> {
  const query = Object.fromEntries(new URLSearchParams(exchange.query));
  const { group_by: groupBy, from, to, key, model, provider } = parsed(usageQuery, query);
  const fromMs = from === undefined ? undefined : timeOf('from', from);
  const toMs = to === undefined ? undefined : timeOf('to', to);
  if (fromMs !== undefined && toMs !== undefined && fromMs > toMs) {
    throw wrong('from', 'it is later than to');
  }
  await services.background.current();
  await services.ledger.flush();
  const rows = await usageReport(services.storage, {
    groupBy,
    ...(fromMs === undefined ? {} : { fromMs }),
    ...(toMs === undefined ? {} : { toMs }),
    ...(key === undefined ? {} : { keyId: key }),
    ...(model === undefined ? {} : { model }),
    ...(provider === undefined ? {} : { provider }),
  });
  return jsonResponse(exchange, { data: rows });
}

/** `GET /admin/providers`: each is asked for its models, so that the answer says what works. */
export async function listProviders(services: Services, exchange: Exchange): Promise<Response> {
  const { catalog } = services;
  const signal = AbortSignal.any([exchange.request.signal, AbortSignal.timeout(probeTimeoutMs)]);
  const data = await Promise.all(
    catalog.providers.map(async (provider) => {
      const startedAt = performance.now();
      const known = {
        name: provider.name,
        type: provider.type,
        dialects: provider.dialects,
        local: provider.local,
      };
      try {
        const models = await catalog.probe(provider, signal);
        const latencyMs = Math.round(performance.now() - startedAt);
        return { ...known, status: 'ok', latencyMs, models: models.length };
      } catch (reason) {
        const { code, message } = RpcError.from(reason);
        return { ...known, status: 'failed', error: { code, message } };
      }
    }),
  );
  return jsonResponse(exchange, { data });
}

function timeOf(param: string, text: string): number {
  const time = parseTime(text);
  if (time !== undefined) return time;
  throw wrong(param, 'it must be a time such as 2026-01-31 or 2026-01-31T12:00:00Z');
}

/** What a schema makes of a value. Throws `invalid_argument` for its first fault. */
function parsed<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  if (issue?.code !== 'unrecognized_keys') {
    throw wrong(issue?.path.join('.') ?? '', issue?.message ?? 'it is not valid');
  }
  const [key = ''] = issue.keys;
  const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  throw wrong(key, `there is no such field, but ${known.join(', ')}`);
}

function wrong(param: string, message: string): RpcError {
  const shown = param.slice(0, 200);
  return apiError(
    'invalid_argument',
    shown === '' ? message : `${shown}: ${message}`,
    shown === '' ? {} : { param: shown },
  );
}

/** A text that people are shown, on one line. */
function shownText() {
  return z
    .string(required('it must be text'))
    .min(1, 'it is empty')
    .max(200, 'it is longer than 200 characters')
    .regex(/^[^\p{Cc}\u2028\u2029]*$/u, 'it has a line break or another control character');
}

function oneOf<const Names extends readonly [string, ...string[]]>(names: Names) {
  return z.enum(names, required(`it must be one of ${names.join(', ')}`));
}

function filledList<Item extends z.ZodType>(item: Item) {
  return z.array(item, required('it must be a list')).min(1, 'the list is empty');
}

/** An error text for a wrong value, and one for none. */
function required(message: string) {
  return {
    error: ({ input }: { readonly input?: unknown }) =>
      input === undefined ? 'it is missing' : message,
  };
}
