import type { Storage } from '@zeke/foundation';
import type { Transaction } from 'kysely';
import type { GatewayTables, SpendTable } from '../tables.ts';
import { forEachSpender, type Spenders } from './spender.ts';
import { dayMs } from './windows.ts';

/** What entries add to the days of their spenders; charges in micro-USD, in the entries' order. */
export function spendOf(
  entries: readonly (Spenders & { atMs: number })[],
  charges: readonly number[],
): SpendTable[] {
  const sums = new Map<string, SpendTable>();
  for (const [index, entry] of entries.entries()) {
    const charge = charges[index] ?? 0;
    if (charge <= 0) continue;
    const day = Math.floor(entry.atMs / dayMs);
    forEachSpender(entry, (kind, id) => {
      const key = `${day} ${kind} ${id}`;
      const sum = sums.get(key);
      if (sum) sum.micro_usd += charge;
      else sums.set(key, { kind, id, day, micro_usd: charge });
    });
  }
  // Always in the same order: replicas that write at once must not wait for each other in a ring.
  return [...sums]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, row]) => ({ ...row, id: row.id.replaceAll('\0', '\ufffd') }));
}

/** Adds to what is there already. To be called in the transaction that writes the ledger's rows. */
export async function addSpend(
  storage: Storage<GatewayTables>,
  rows: readonly SpendTable[],
  transaction: Transaction<GatewayTables>,
): Promise<void> {
  const values = rows.map(({ kind, id, day, micro_usd: microUsd }) => [kind, id, day, microUsd]);
  await storage.addMany('gateway_spend', ['kind', 'id', 'day'], ['micro_usd'], values, transaction);
}
