import type { ColumnValue } from '@zeke/foundation';
import type { ledgerColumns } from './ledger-row.ts';

/** What a line of `gateway_usage` is of; an empty text stands for none. */
export const usageKeys = [
  'hour',
  'provider',
  'model',
  'key_id',
  'owner',
  'org_id',
  'team_id',
  'user_id',
] as const;

export const usageSums = [
  'calls',
  'refused',
  'cached',
  'failed',
  'canceled',
  'input_tokens',
  'output_tokens',
  'cached_input_tokens',
  'reasoning_tokens',
  'cost_micro_usd',
  'unpriced',
  'estimated',
] as const;

export const hourMs = 3_600_000;

type Column = (typeof ledgerColumns)[number];
type Row = readonly ColumnValue[];

/**
 * What rows of the ledger add to the usage by hour, columns as in `usageKeys` and `usageSums`; always in
 * the same order, so that replicas that write at once do not wait for each other in a ring.
 */
export function usageOf(columns: readonly string[], rows: readonly Row[]): ColumnValue[][] {
  const at = new Map(columns.map((name, index) => [name, index]));
  const read = (row: Row, name: Column): ColumnValue => row[at.get(name) ?? -1] ?? null;
  const byKey = new Map<string, { keys: ColumnValue[]; sums: number[] }>();
  for (const row of rows) {
    const of = (name: Column) => read(row, name);
    const [, ...groups] = usageKeys;
    const keys = [
      Math.floor(Number(of('at_ms')) / hourMs),
      ...groups.map((name) => of(name) ?? ''),
    ];
    const key = JSON.stringify(keys);
    const line = byKey.get(key);
    const sums = sumsOf(of);
    if (!line) byKey.set(key, { keys, sums });
    else
      for (const [index, sum] of sums.entries()) line.sums[index] = (line.sums[index] ?? 0) + sum;
  }
  return [...byKey]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { keys, sums }]) => [...keys, ...sums]);
}

function sumsOf(of: (name: Column) => ColumnValue): number[] {
  const outcome = of('outcome');
  const [input, output] = [Number(of('input_tokens')), Number(of('output_tokens'))];
  const isCall = outcome !== 'refused' && outcome !== 'cached';
  const mayCost = (outcome !== 'error' && outcome !== 'refused') || input + output > 0;
  return [
    Number(isCall),
    Number(outcome === 'refused'),
    Number(outcome === 'cached'),
    Number(outcome === 'error' || outcome === 'incomplete'),
    Number(outcome === 'canceled'),
    input,
    output,
    Number(of('cached_input_tokens')),
    Number(of('reasoning_tokens')),
    Number(of('cost_micro_usd')),
    Number(of('cost_micro_usd') === null && mayCost),
    Number(of('estimated')),
  ];
}
