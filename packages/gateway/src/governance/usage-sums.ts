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

const [, ...groups] = usageKeys;

type Column = (typeof ledgerColumns)[number];
type Row = readonly ColumnValue[];

/** Where a batch has the columns that are summed up or grouped by. */
type Places = Readonly<Record<Column, number>>;

interface Line {
  keys: ColumnValue[];
  sums: number[];
}

/** No text of a row has it: the ledger takes it out. */
const separator = '\0';

/**
 * What rows of the ledger add to the usage by hour, columns as in `usageKeys` and `usageSums`; always in
 * the same order, so that replicas that write at once do not wait for each other in a ring.
 */
export function usageOf(columns: readonly string[], rows: readonly Row[]): ColumnValue[][] {
  const places = Object.fromEntries(columns.map((name, index) => [name, index])) as Places;
  const lines = new Map<string, Line>();
  for (const row of rows) {
    const hour = Math.floor(Number(row[places.at_ms]) / hourMs);
    let key = String(hour);
    for (const name of groups) key += separator + (row[places[name]] ?? '');
    let line = lines.get(key);
    if (!line) {
      const keys = [hour, ...groups.map((name) => row[places[name]] ?? '')];
      line = { keys, sums: usageSums.map(() => 0) };
      lines.set(key, line);
    }
    addRow(line.sums, row, places);
  }
  return [...lines]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { keys, sums }]) => [...keys, ...sums]);
}

/** In the order of `usageSums`. Every request runs through here, so little is made for it. */
function addRow(sums: number[], row: Row, places: Places): void {
  const outcome = row[places.outcome];
  const input = Number(row[places.input_tokens]);
  const output = Number(row[places.output_tokens]);
  const cost = row[places.cost_micro_usd];
  const isRefused = outcome === 'refused';
  const isCached = outcome === 'cached';
  const mayCost = (outcome !== 'error' && !isRefused) || input + output > 0;
  let at = 0;
  const add = (value: number) => {
    sums[at] = (sums[at] ?? 0) + value;
    at++;
  };
  add(isRefused || isCached ? 0 : 1);
  add(isRefused ? 1 : 0);
  add(isCached ? 1 : 0);
  add(outcome === 'error' || outcome === 'incomplete' ? 1 : 0);
  add(outcome === 'canceled' ? 1 : 0);
  add(input);
  add(output);
  add(Number(row[places.cached_input_tokens]));
  add(Number(row[places.reasoning_tokens]));
  add(Number(cost));
  add(cost === null && mayCost ? 1 : 0);
  add(Number(row[places.estimated]));
}
