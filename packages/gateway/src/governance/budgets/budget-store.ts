import type { Storage } from '@zeke/foundation';
import type { Insertable } from 'kysely';
import type { BudgetTable, GatewayTables } from '../tables.ts';
import type { Budget, BudgetKey } from './budget.ts';
import type { SpenderKind } from './spender.ts';

/** What a spender spent on a day. */
export interface DaySpend {
  /** Days since the epoch. */
  day: number;
  microUsd: number;
}

/** Budgets, and what was spent, in the database. */
export class BudgetStore {
  readonly #storage: Storage<GatewayTables>;

  constructor(storage: Storage<GatewayTables>) {
    this.#storage = storage;
  }

  async all(): Promise<Budget[]> {
    const rows = await this.#storage.db
      .selectFrom('gateway_budgets')
      .selectAll()
      .orderBy('kind')
      .orderBy('id')
      .execute();
    return rows.map(budgetOfRow);
  }

  /** Replaces a budget of the same spender, period and mode. */
  async put(budget: Budget): Promise<void> {
    const { kind, id, period, mode } = budget;
    const row: Insertable<BudgetTable> = {
      kind,
      id,
      period,
      mode,
      limit_micro_usd: budget.limitMicroUsd,
      created_at_ms: budget.createdAtMs,
    };
    await this.#storage.db
      .insertInto('gateway_budgets')
      .values(row)
      .onConflict((conflict) =>
        conflict
          .columns(['kind', 'id', 'period', 'mode'])
          .doUpdateSet({ limit_micro_usd: row.limit_micro_usd, created_at_ms: row.created_at_ms }),
      )
      .execute();
  }

  /** True where there was one. */
  async remove({ kind, id, period, mode }: BudgetKey): Promise<boolean> {
    const { numDeletedRows } = await this.#storage.db
      .deleteFrom('gateway_budgets')
      .where('kind', '=', kind)
      .where('id', '=', id)
      .where('period', '=', period)
      .where('mode', '=', mode)
      .executeTakeFirst();
    return numDeletedRows > 0n;
  }

  /** What a spender spent from that day on, day by day. */
  async spendOf(kind: SpenderKind, id: string, fromDay: number): Promise<DaySpend[]> {
    const rows = await this.#storage.db
      .selectFrom('gateway_spend')
      .select(['day', 'micro_usd'])
      .where('kind', '=', kind)
      .where('id', '=', id)
      .where('day', '>=', fromDay)
      .execute();
    return rows.map(({ day, micro_usd: microUsd }) => ({ day, microUsd }));
  }

  /** The name of a spender that has one beside its id, and is there. */
  async nameOf(kind: SpenderKind, id: string): Promise<string | undefined> {
    const table = namedIn[kind];
    if (table === undefined) return undefined;
    const row = await this.#storage.db
      .selectFrom(table)
      .select('name')
      .where('id', '=', id)
      .executeTakeFirst();
    return row?.name;
  }
}

const namedIn = {
  org: 'gateway_orgs',
  team: 'gateway_teams',
  user: 'gateway_users',
  key: 'gateway_keys',
  provider: undefined,
  tag: undefined,
} as const satisfies Record<SpenderKind, keyof GatewayTables | undefined>;

function budgetOfRow(row: BudgetTable): Budget {
  return {
    kind: row.kind as Budget['kind'],
    id: row.id,
    period: row.period as Budget['period'],
    mode: row.mode as Budget['mode'],
    limitMicroUsd: row.limit_micro_usd,
    createdAtMs: row.created_at_ms,
  };
}
