import { parseTime } from '@zeke/foundation';
import { z } from 'zod';
import { verifyChain } from '../../governance/audit/verify-chain.ts';
import { type Exchange, jsonResponse } from '../exchange.ts';
import type { Services } from '../services.ts';
import { oneOf, parsed, wrong } from './admin-input.ts';

const maxEntries = 1_000;
const countError = `it must be a whole number from 1 to ${maxEntries}`;
const seqError = 'it must be the number of an entry';

export const auditQuery = z
  .strictObject({
    since: z.string().optional().describe('RFC 3339 time or date, inclusive.'),
    actor: z
      .string()
      .optional()
      .describe("A key's id, an owner, or key, admin-key, local, unknown, zeke."),
    action: z.string().optional().describe('Such as key.create.'),
    after: z.coerce
      .number({ error: seqError })
      .pipe(z.int({ error: seqError }))
      .optional()
      .describe('The number of the last entry of the page before.'),
    order: oneOf(['asc', 'desc']).default('desc'),
    limit: z.coerce
      .number({ error: countError })
      .pipe(z.int({ error: countError }).min(1, countError).max(maxEntries, countError))
      .default(100)
      .describe('Entries a page.'),
    all: oneOf(['true', 'false'])
      .default('false')
      .describe('Also entries of actions begun whose end is known.'),
  })
  .meta({ id: 'AuditQuery' });

export const verifyQuery = z
  .strictObject({
    head: z
      .string()
      .regex(/^[\da-f]{64}$/, 'it must be a hash of 64 hex digits')
      .optional()
      .describe('A hash that the chain had once, kept elsewhere.'),
  })
  .meta({ id: 'AuditVerifyQuery' });

/** `GET /admin/audit`: entries, a page at a time. */
export async function listAudit(services: Services, exchange: Exchange): Promise<Response> {
  const { all, since, ...query } = parsed(auditQuery, queryOf(exchange));
  const sinceMs = since === undefined ? undefined : parseTime(since);
  if (since !== undefined && sinceMs === undefined) {
    throw wrong('since', 'it must be a time such as 2026-01-31 or 2026-01-31T12:00:00Z');
  }
  const data = await services.audit.list({ ...query, sinceMs, all: all === 'true' });
  return jsonResponse(exchange, { data });
}

/** `GET /admin/audit/verify`: what a walk along the whole chain finds. */
export async function verifyAudit(services: Services, exchange: Exchange): Promise<Response> {
  const { head } = parsed(verifyQuery, queryOf(exchange));
  const { signal } = exchange.request;
  return jsonResponse(exchange, await verifyChain(services.audit, head, signal));
}

function queryOf({ query }: Exchange): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(query));
}
