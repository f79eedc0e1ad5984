import type { Storage } from '@zeke/foundation';
import { type RawBuilder, sql } from 'kysely';
import type { GatewayTables } from './tables.ts';

export const usageGroups = [
  'day',
  'key',
  'owner',
  'org',
  'team',
  'user',
  'model',
  'provider',
] as const;
export type UsageGroup = (typeof usageGroups)[number];

export interface UsageQuery {
  groupBy: readonly UsageGroup[];
  /** Milliseconds since the epoch, inclusive. */
  fromMs?: number;
  /** Exclusive. */
  toMs?: number;
  keyId?: string;
  model?: string;
  provider?: string;
  orgId?: string | undefined;
  teamId?: string | undefined;
  userId?: string | undefined;
}

/** One line of a report: the groups it stands for, and sums. Money is micro-USD. */
export interface UsageRow {
  /** `YYYY-MM-DD`, UTC. */
  day?: string;
  key?: string | null;
  owner?: string | null;
  org?: string | null;
  team?: string | null;
  user?: string | null;
  model?: string;
  provider?: string;
  /** Attempts at providers. */
  calls: number;
  /** Requests that were refused before a provider was asked. */
  refused: number;
  /** Requests that were answered from the cache. */
  cached: number;
  /** Calls whose answer did not come, or broke off. */
  failed: number;
  /** Calls that the caller left. */
  canceled: number;
  inputTokens: number;
  outputTokens: number;
  cachedInputTokens: number;
  reasoningTokens: number;
  /** Of calls whose price is known. */
  costMicroUsd: number;
  /** Calls that used tokens at a price nobody knows: the cost lacks them. */
  unpriced: number;
  /** Calls whose tokens we counted, because the provider did not say. */
  estimated: number;
}

const maxRows = 10_000;

/** Sums the ledger up by the groups asked for, days newest first, then by cost. */
export async function usageReport(
  storage: Storage<GatewayTables>,
  query: UsageQuery,
): Promise<UsageRow[]> {
  const columns: Record<UsageGroup, RawBuilder<string | null>> = {
    day: dayOf(storage.kind),
    key: sql`key_id`,
    owner: sql`owner`,
    org: sql`org_id`,
    team: sql`team_id`,
    user: sql`user_id`,
    model: sql`model`,
    provider: sql`provider`,
  };
  let select = storage.db
    .selectFrom('gateway_ledger')
    .select([
      sum(sql`case when outcome in ('refused', 'cached') then 0 else 1 end`).as('calls'),
      sum(sql`case when outcome = 'refused' then 1 else 0 end`).as('refused'),
      sum(sql`case when outcome = 'cached' then 1 else 0 end`).as('cached'),
      sum(sql`case when outcome in ('error', 'incomplete') then 1 else 0 end`).as('failed'),
      sum(sql`case when outcome = 'canceled' then 1 else 0 end`).as('canceled'),
      sum(sql`input_tokens`).as('inputTokens'),
      sum(sql`output_tokens`).as('outputTokens'),
      sum(sql`cached_input_tokens`).as('cachedInputTokens'),
      sum(sql`reasoning_tokens`).as('reasoningTokens'),
      sum(sql`coalesce(cost_micro_usd, 0)`).as('costMicroUsd'),
      sum(
        sql`case when cost_micro_usd is null
          and (outcome not in ('error', 'refused') or input_tokens + output_tokens > 0) then 1 else 0 end`,
      ).as('unpriced'),
      sum(sql`case when estimated then 1 else 0 end`).as('estimated'),
      ...query.groupBy.map((group) => columns[group].as(group)),
    ])
    .limit(maxRows);
  if (query.fromMs !== undefined) select = select.where('at_ms', '>=', query.fromMs);
  if (query.toMs !== undefined) select = select.where('at_ms', '<', query.toMs);
  if (query.keyId !== undefined) select = select.where('key_id', '=', query.keyId);
  if (query.model !== undefined) select = select.where('model', '=', query.model);
  if (query.provider !== undefined) select = select.where('provider', '=', query.provider);
  if (query.orgId !== undefined) select = select.where('org_id', '=', query.orgId);
  if (query.teamId !== undefined) select = select.where('team_id', '=', query.teamId);
  if (query.userId !== undefined) select = select.where('user_id', '=', query.userId);
  for (const group of query.groupBy) select = select.groupBy(columns[group]);
  if (query.groupBy.includes('day')) select = select.orderBy(sql`day`, 'desc');
  const rows = await select.orderBy('costMicroUsd', 'desc').execute();
  return rows.map(numbers) as unknown as UsageRow[];
}

const numeric = [
  'calls',
  'refused',
  'cached',
  'failed',
  'canceled',
  'inputTokens',
  'outputTokens',
  'cachedInputTokens',
  'reasoningTokens',
  'costMicroUsd',
  'unpriced',
  'estimated',
] as const;

/** PostgreSQL sums integers to a type that comes as text; no rows at all sum to null. */
function numbers(row: Record<string, unknown>): Record<string, unknown> {
  const result = { ...row };
  for (const name of numeric) result[name] = Number(row[name] ?? 0);
  return result;
}

function sum(expression: ReturnType<typeof sql>) {
  return sql<number>`sum(${expression})`;
}

function dayOf(kind: 'sqlite' | 'postgres') {
  return kind === 'sqlite'
    ? sql<string | null>`strftime('%Y-%m-%d', at_ms / 1000, 'unixepoch')`
    : sql<string | null>`to_char(to_timestamp(at_ms / 1000) at time zone 'UTC', 'YYYY-MM-DD')`;
}
