import { RpcError } from '@zeke/rpc';
import { type GatewayClient, openClient } from '../client.ts';
import type { UsageFlags } from '../commands/usage.ts';
import type { Context } from '../context.ts';
import { parseMoment } from '../moment.ts';
import type { ApiKey } from './keys.ts';

const groups = ['day', 'key', 'owner', 'org', 'team', 'user', 'model', 'provider'] as const;

type Group = (typeof groups)[number];

/** A line of the report, as `/admin/usage` gives it. Money is micro-USD. */
type UsageRow = { [name in Group | 'keyName' | 'keyOwner']?: string | null } & {
  calls: number;
  refused: number;
  cached: number;
  failed: number;
  canceled: number;
  inputTokens: number;
  outputTokens: number;
  cachedInputTokens: number;
  costMicroUsd: number;
  unpriced: number;
  estimated: number;
};

/** `from` and `to` where an hour whose rows are gone is not parted. */
interface UsageAnswer {
  data: UsageRow[];
  from?: string;
  to?: string;
}

/** Sums the ledger up. */
export async function usage(context: Context, flags: UsageFlags): Promise<void> {
  const { output } = context;
  const by = checkedGroups(flags.by ?? ['day']);
  const query = new URLSearchParams({ group_by: by.join(','), ...spanOf(flags, Date.now()) });
  await using client = await openClient(context, flags);
  const { data, from, to } = await client.json<UsageAnswer>(`/admin/usage?${query}`);
  const rows = by.includes('key') ? await withNames(data, client) : data;
  if (flags.json) return output.json({ groupBy: by, rows, from, to });
  if (from !== undefined) output.note(`rows so old are gone: the report begins at ${from}`);
  if (to !== undefined) output.note(`rows so old are gone: the report ends at ${to}`);
  if (rows.length === 0) return output.note('nothing was used in that time');
  const keyColumns = [
    'key',
    'keyName',
    ...(by.includes('owner') ? [] : ['keyOwner' as const]),
  ] as const;
  const groupColumns = by.flatMap((group) => (group === 'key' ? keyColumns : [group]));
  output.table(
    [...groupColumns.map((name) => titles[name] ?? name.toUpperCase()), ...numberColumns],
    rows.map((row) => [
      // Requests that were refused have no model and no provider.
      ...groupColumns.map((name) => row[name] || '-'),
      String(row.calls),
      String(row.failed),
      String(row.canceled),
      String(row.refused),
      String(row.cached),
      String(row.inputTokens),
      String(row.cachedInputTokens),
      String(row.outputTokens),
      dollars(row),
    ]),
  );
  explain(rows, context);
}

const titles: Readonly<Record<string, string>> = { keyName: 'NAME', keyOwner: 'OWNER' };

const numberColumns = [
  'CALLS',
  'FAILED',
  'CANCELED',
  'REFUSED',
  'HITS',
  'INPUT',
  'CACHED',
  'OUTPUT',
  'USD',
].map((title) => ({ title, align: 'right' as const }));

/** Throws `invalid_argument` for what is no time, and for a span that ends before it begins. */
function spanOf(flags: UsageFlags, now: number): { from?: string; to?: string } {
  const from = flags.from === undefined ? undefined : parseMoment('--from', flags.from, now, -1);
  const to = flags.to === undefined ? undefined : parseMoment('--to', flags.to, now, -1);
  if (from !== undefined && to !== undefined && from > to) {
    throw new RpcError('invalid_argument', `--from: ${flags.from} is later than --to ${flags.to}`);
  }
  return {
    ...(from === undefined ? {} : { from: new Date(from).toISOString() }),
    ...(to === undefined ? {} : { to: new Date(to).toISOString() }),
  };
}

/** Ids tell nobody whose key it was. */
async function withNames(rows: UsageRow[], client: GatewayClient): Promise<UsageRow[]> {
  const { data } = await client.json<{ data: ApiKey[] }>('/admin/keys');
  const keys = new Map(data.map((key) => [key.id, key]));
  return rows.map((row) => {
    const key = keys.get(row.key ?? '');
    return { ...row, keyName: key?.name ?? null, keyOwner: key?.owner ?? null };
  });
}

function checkedGroups(given: readonly string[]): Group[] {
  return given.map((name) => {
    const known = groups.find((group) => group === name);
    if (known !== undefined) return known;
    throw new RpcError('invalid_argument', `--by: ${name} is not one of ${groups.join(', ')}`);
  });
}

/** A sum that lacks calls without a price says so. */
function dollars({ costMicroUsd, unpriced, calls, failed }: UsageRow): string {
  if (unpriced > 0 && costMicroUsd === 0 && unpriced >= calls - failed) return '?';
  const text = (costMicroUsd / 1_000_000).toFixed(6).replace(/(\.\d\d\d*?)0+$/, '$1');
  return unpriced > 0 ? `${text} + ?` : text;
}

function explain(rows: readonly UsageRow[], { output }: Context): void {
  const unpriced = sum(rows, 'unpriced');
  const estimated = sum(rows, 'estimated');
  if (unpriced > 0) {
    output.note(
      `?: the price of ${unpriced} calls is not known; [prices."provider/model"] sets one`,
    );
  }
  if (estimated > 0)
    output.note(`the tokens of ${estimated} calls were counted here, not told by the provider`);
}

function sum(rows: readonly UsageRow[], name: 'unpriced' | 'estimated'): number {
  return rows.reduce((total, row) => total + row[name], 0);
}
