import { createDayPartition, type Storage } from '@zeke/foundation';
import type { Kysely } from 'kysely';
import { createAuditDay } from './audit/create-audit-day.ts';
import { dayMs } from './budgets/windows.ts';
import type { GatewayTables } from './tables.ts';

/** The tables that PostgreSQL keeps by days. */
export const dayTables = ['gateway_ledger', 'gateway_audit'] as const;

type DayTableName = (typeof dayTables)[number];

/**
 * Sees to it that the days of a table have partitions before rows go there; there is none for the rest
 * that rows could go to unseen. On SQLite there is nothing to do.
 */
export class DayTable {
  readonly #storage: Storage<GatewayTables>;
  readonly #name: DayTableName;
  /** Days since the epoch that have one. */
  readonly #known = new Set<number>();

  constructor(storage: Storage<GatewayTables>, name: DayTableName) {
    this.#storage = storage;
    this.#name = name;
  }

  /** Makes what is missing for rows of these times, in milliseconds since the epoch. */
  async ensure(timesMs: Iterable<number>): Promise<void> {
    if (this.#storage.kind === 'sqlite') return;
    for (const atMs of timesMs) {
      const day = Math.floor(atMs / dayMs);
      if (this.#known.has(day)) continue;
      await this.#storage
        .as<unknown>()
        .db.transaction()
        .execute((transaction) => createDay(transaction, this.#name, day));
      this.#known.add(day);
    }
  }

  /** What is known may be out of date: a write has failed, or partitions were dropped. */
  forget(): void {
    this.#known.clear();
  }
}

function createDay(db: Kysely<unknown>, name: DayTableName, day: number): Promise<boolean> {
  return name === 'gateway_audit' ? createAuditDay(db, day) : createDayPartition(db, name, day);
}
