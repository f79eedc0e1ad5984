import type { Storage } from '@zeke/foundation';
import type { Transaction } from 'kysely';
import type { GatewayTables, SpendTable } from '../tables.ts';
import { forEachSpender, type SpenderKind, type Spenders } from './spender.ts';
import { dayMs } from './windows.ts';

/** What entries add to the days of their spenders; charges in micro-USD, in the entries' order. */
export function spendOf(
  entries: readonly (Spenders & { atMs: number })[],
  charges: readonly number[],
): SpendTable[] {
  const days = new Map<number, Record<SpenderKind, Map<string, SpendTable>>>();
  for (const [index, entry] of entries.entries()) {
    const charge = charges[index] ?? 0;
    if (charge <= 0) continue;
    const day = Math.floor(entry.atMs / dayMs);
    let sums = days.get(day);
    if (!sums) {
      sums = emptySums();
      days.set(day, sums);
    }
    const ofDay = sums;
    forEachSpender(entry, (kind, id) => {
      const sum = ofDay[kind].get(id);
      if (sum) sum.micro_usd += charge;
      else ofDay[kind].set(id, { kind, id, day, micro_usd: charge });
    });
  }
  // Always in the same order: replicas that write at once must not wait for each other in a ring.
  return Array.from(days.values(), (sums) => Object.values(sums))
    .flat()
    .flatMap((sums) => [...sums.values()])
    .sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))
    .map((row) => ({ ...row, id: row.id.replaceAll('\0', '\ufffd') }));
}

function emptySums(): Record<SpenderKind, Map<string, SpendTable>> {
  return {
    org: new Map(),
    team: new Map(),
    user: new Map(),
    key: new Map(),
    provider: new Map(),
    tag: new Map(),
  };
}

function orderOf({ day, id, kind }: SpendTable): string {
  return `${day} ${kind} ${id}`;
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
