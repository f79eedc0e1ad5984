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
    name: z.string().min(1).max(200).describe('What the key is for.'),
    owner: z.string().min(1).max(200).default('default').describe('Who it belongs to.'),
    scopes: z.array(z.enum(keyScopes)).min(1).default(['inference']),
    allowed_models: z
      .array(z.string().min(1).max(200))
      .min(1)
      .max(200)
      .optional()
      .describe('Names as callers write them or provider/model; * stands for any text.'),
    expires_at: z.iso.datetime({ offset: true }).optional().describe('RFC 3339.'),
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
  const { key, secret } = await services.keys.create({
    ...given,
    ...(allowedModels ? { allowedModels } : {}),
    ...(expires === undefined ? {} : { expiresAtMs: Date.parse(expires) }),
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
      .pipe(z.array(z.enum(usageGroups))),
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
  await services.background.current();
  await services.ledger.flush();
  const rows = await usageReport(services.storage, {
    groupBy,
    ...(from === undefined ? {} : { fromMs: timeOf('from', from) }),
    ...(to === undefined ? {} : { toMs: timeOf('to', to) }),
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
  const time = Date.parse(text);
  if (!Number.isNaN(time)) return time;
  throw apiError(
    'invalid_argument',
    `${param} is not a time: write it as 2026-01-31 or 2026-01-31T12:00:00Z`,
    {
      param,
    },
  );
}

/** What a schema makes of a value. Throws `invalid_argument` for its first fault. */
function parsed<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const param = issue?.path.join('.') ?? '';
  throw apiError('invalid_argument', `${param ? `${param}: ` : ''}${issue?.message ?? 'invalid'}`, {
    ...(param ? { param } : {}),
  });
}
