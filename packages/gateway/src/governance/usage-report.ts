import type { Storage, StorageKind } from '@zeke/foundation';
import { type RawBuilder, sql } from 'kysely';
import type { GatewayTables } from './tables.ts';
import { hourMs } from './usage-sums.ts';

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

/** A time from and to; open where it is absent. Milliseconds since the epoch. */
export type UsageSpan = Pick<UsageQuery, 'fromMs' | 'toMs'>;

/**
 * Sums up what was used by the groups asked for, days newest first, then by cost. Whole hours are read
 * from the sums of hours, which stay when the ledger's rows are gone; what is left of hours from the rows,
 * where they are still there, else it is the whole hour: see `answeredSpan`.
 */
export async function usageReport(
  storage: Storage<GatewayTables>,
  query: UsageQuery,
): Promise<UsageRow[]> {
  const span = await answeredSpan(storage, query);
  const groups = query.groupBy.map((group) => groupColumns(storage.kind)[group].as(group));
  let select = storage.db
    .selectFrom(linesOf(query, span).as('lines'))
    .select([...sums.map(({ name }) => sql<number>`sum(${sql.ref(name)})`.as(name)), ...groups])
    .limit(maxRows);
  for (const group of query.groupBy) select = select.groupBy(groupColumns(storage.kind)[group]);
  if (query.groupBy.includes('day')) select = select.orderBy(sql`day`, 'desc');
  const rows = await select.orderBy('costMicroUsd', 'desc').execute();
  return rows.map(numbers) as unknown as UsageRow[];
}

/**
 * The span that a report is about: what was asked, but for the ends of hours whose rows retention has
 * removed, which are widened to the whole hour.
 */
export async function answeredSpan(
  { db }: Storage<GatewayTables>,
  { fromMs, toMs }: UsageSpan,
): Promise<UsageSpan> {
  const isWhole = (atMs: number | undefined) => atMs === undefined || atMs % hourMs === 0;
  if (isWhole(fromMs) && isWhole(toMs)) return { ...defined({ fromMs, toMs }) };
  const state = await db
    .selectFrom('gateway_state')
    .select('value')
    .where('name', '=', ledgerRowsFrom)
    .executeTakeFirst();
  const rowsFromMs = state?.value ?? Number.NEGATIVE_INFINITY;
  const from = fromMs !== undefined && fromMs < rowsFromMs ? floor(fromMs) : fromMs;
  const to = toMs !== undefined && toMs < rowsFromMs ? ceil(toMs) : toMs;
  return { ...defined({ fromMs: from, toMs: to }) };
}

/** The name in `gateway_state` of the first moment whose rows are all on the ledger. */
export const ledgerRowsFrom = 'ledger_rows_from_ms';

function defined(span: { fromMs: number | undefined; toMs: number | undefined }): UsageSpan {
  return {
    ...(span.fromMs === undefined ? {} : { fromMs: span.fromMs }),
    ...(span.toMs === undefined ? {} : { toMs: span.toMs }),
  };
}

const floor = (atMs: number): number => Math.floor(atMs / hourMs) * hourMs;
const ceil = (atMs: number): number => Math.ceil(atMs / hourMs) * hourMs;

function groupColumns(kind: StorageKind): Record<UsageGroup, RawBuilder<string | null>> {
  return {
    day: dayOf(kind),
    key: sql`key_id`,
    owner: sql`owner`,
    org: sql`org_id`,
    team: sql`team_id`,
    user: sql`user_id`,
    model: sql`model`,
    provider: sql`provider`,
  };
}

/** Each sum: its name in a report, its column of an hour, and what a row of the ledger adds. */
const sums = [
  ['calls', 'calls', "case when outcome in ('refused', 'cached') then 0 else 1 end"],
  ['refused', 'refused', "case when outcome = 'refused' then 1 else 0 end"],
  ['cached', 'cached', "case when outcome = 'cached' then 1 else 0 end"],
  ['failed', 'failed', "case when outcome in ('error', 'incomplete') then 1 else 0 end"],
  ['canceled', 'canceled', "case when outcome = 'canceled' then 1 else 0 end"],
  ['inputTokens', 'input_tokens', 'input_tokens'],
  ['outputTokens', 'output_tokens', 'output_tokens'],
  ['cachedInputTokens', 'cached_input_tokens', 'cached_input_tokens'],
  ['reasoningTokens', 'reasoning_tokens', 'reasoning_tokens'],
  ['costMicroUsd', 'cost_micro_usd', 'coalesce(cost_micro_usd, 0)'],
  [
    'unpriced',
    'unpriced',
    `case when cost_micro_usd is null
      and (outcome not in ('error', 'refused') or input_tokens + output_tokens > 0) then 1 else 0 end`,
  ],
  ['estimated', 'estimated', 'case when estimated then 1 else 0 end'],
].map(([name = '', column = '', ofRow = '']) => ({ name, column, ofRow }));

/** What hours and rows have in common, a line each. */
function linesOf(query: UsageQuery, { fromMs, toMs }: UsageSpan): RawBuilder<object> {
  const [first, last] = [fromMs && ceil(fromMs), toMs && floor(toMs)];
  const within = [...placed(query)];
  if (first !== undefined) within.push(sql`hour >= ${first / hourMs}`);
  if (last !== undefined) within.push(sql`hour < ${last / hourMs}`);
  const hours = sums.map(({ name, column }) => sql`${sql.ref(column)} as ${sql.ref(name)}`);
  const parts = [
    sql`select hour * ${sql.lit(hourMs)} as at_ms, ${groupNames}, ${sql.join(hours)}
      from gateway_usage ${where(within)}`,
  ];
  const rows = sums.map(({ name, ofRow }) => sql`${sql.raw(ofRow)} as ${sql.ref(name)}`);
  for (const [from, to] of edges(fromMs, toMs)) {
    const conditions = [...placed(query), sql`at_ms >= ${from}`, sql`at_ms < ${to}`];
    parts.push(sql`select at_ms, ${groupNames}, ${sql.join(rows)}
      from gateway_ledger ${where(conditions)}`);
  }
  return sql`(${sql.join(parts, sql` union all `)})`;
}

/** The parts of a span that are no whole hours. */
function edges(fromMs: number | undefined, toMs: number | undefined): [number, number][] {
  const found: [number, number][] = [];
  if (fromMs !== undefined && toMs !== undefined) {
    if (fromMs >= toMs) return [];
    if (floor(fromMs) === floor(toMs)) return [[fromMs, toMs]];
  }
  if (fromMs !== undefined && fromMs % hourMs !== 0) found.push([fromMs, ceil(fromMs)]);
  if (toMs !== undefined && toMs % hourMs !== 0) found.push([floor(toMs), toMs]);
  return found;
}

const groupNames = sql`provider, model, nullif(key_id, '') as key_id, nullif(owner, '') as owner,
  nullif(org_id, '') as org_id, nullif(team_id, '') as team_id, nullif(user_id, '') as user_id`;

/** The conditions that are the same for hours and rows. */
function placed(query: UsageQuery): RawBuilder<unknown>[] {
  const wanted = {
    key_id: query.keyId,
    model: query.model,
    provider: query.provider,
    org_id: query.orgId,
    team_id: query.teamId,
    user_id: query.userId,
  };
  return Object.entries(wanted).flatMap(([column, value]) =>
    value === undefined ? [] : [sql`${sql.ref(column)} = ${value}`],
  );
}

function where(conditions: readonly RawBuilder<unknown>[]): RawBuilder<unknown> {
  return conditions.length === 0 ? sql`` : sql`where ${sql.join(conditions, sql` and `)}`;
}

/** PostgreSQL sums integers to a type that comes as text; no rows at all sum to null. */
function numbers(row: Record<string, unknown>): Record<string, unknown> {
  const result = { ...row };
  for (const { name } of sums) result[name] = Number(row[name] ?? 0);
  return result;
}

function dayOf(kind: StorageKind) {
  return kind === 'sqlite'
    ? sql<string | null>`strftime('%Y-%m-%d', at_ms / 1000, 'unixepoch')`
    : sql<string | null>`to_char(to_timestamp(at_ms / 1000) at time zone 'UTC', 'YYYY-MM-DD')`;
}
