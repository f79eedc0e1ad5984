import {
  createDayPartition,
  type LongMigration,
  type MigrationProgress,
  type StorageKind,
} from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { type Kysely, sql } from 'kysely';
import { createAuditDay } from '../audit/create-audit-day.ts';

const dayMs = 86_400_000;
const hourMs = 3_600_000;
/** As long as an index of PostgreSQL allows for, with all other columns of its key. */
const maxGroupChars = 256;

/**
 * Moves the rows that were there before `days` to their partitions (PostgreSQL) and sums the ledger up
 * by hour (both), a day a step, the first one first. At the end the old tables are dropped, when all
 * their rows are in the new ones.
 */
export const daysMoved: Omit<LongMigration, 'number'> = {
  name: 'days-moved',
  step: async (db, kind) => {
    const ledger = new Move(db, 'ledger', kind);
    const audit = new Move(db, 'audit', kind);
    const totals = (await ledger.total()) + (await audit.total());
    const isMore = (await ledger.next()) || (await audit.next());
    const done = (await ledger.done()) + (await audit.done());
    const progress: MigrationProgress = { doneRows: done, totalRows: totals, isDone: !isMore };
    if (progress.isDone) await tidy(db, [ledger, audit]);
    return progress;
  },
};

/** The way of one table's rows, as far as it is noted in `gateway_state`. */
class Move {
  readonly #db: Kysely<unknown>;
  readonly #name: 'ledger' | 'audit';
  readonly #kind: StorageKind;
  readonly source: string;

  constructor(db: Kysely<unknown>, name: 'ledger' | 'audit', kind: StorageKind) {
    this.#db = db;
    this.#name = name;
    this.#kind = kind;
    this.source = kind === 'postgres' ? `gateway_${name}_old` : `gateway_${name}`;
  }

  /** On SQLite the audit log stays where it is. */
  get #hasWork(): boolean {
    return this.#kind === 'postgres' || this.#name === 'ledger';
  }

  /** Rows to move; counted once. */
  async total(): Promise<number> {
    if (!this.#hasWork) return 0;
    const known = await this.#read('total');
    if (known !== undefined) return known;
    const { rows } = await sql<{ n: number }>`
      select count(*) as n from ${sql.ref(this.source)}`.execute(this.#db);
    const total = Number(rows[0]?.n);
    await this.#write('total', total);
    return total;
  }

  async done(): Promise<number> {
    return (await this.#read('rows')) ?? 0;
  }

  /** Moves the next day that has rows. False when there is none. */
  async next(): Promise<boolean> {
    if (!this.#hasWork) return false;
    const from = (await this.#read('to_ms')) ?? 0;
    const { rows } = await sql<{ at: number | null }>`
      select min(at_ms) as at from ${sql.ref(this.source)} where at_ms >= ${from}`.execute(
      this.#db,
    );
    const at = rows[0]?.at;
    if (at === null || at === undefined) return false;
    const day = Math.floor(at / dayMs);
    const moved = await this.#moveDay(day);
    await this.#write('to_ms', (day + 1) * dayMs);
    await this.#write('rows', (await this.done()) + moved);
    return true;
  }

  async #moveDay(day: number): Promise<number> {
    const within = sql`at_ms >= ${day * dayMs} and at_ms < ${(day + 1) * dayMs}`;
    if (this.#name === 'ledger') await this.#sumUp(within);
    if (this.#kind === 'sqlite') return await this.#count(within);
    const table = `gateway_${this.#name}`;
    await (this.#name === 'audit'
      ? createAuditDay(this.#db, day)
      : createDayPartition(this.#db, table, day));
    const { rows } = await sql<{ name: string }>`
      select attname as name from pg_attribute
      where attrelid = to_regclass(${this.source}) and attnum > 0 and not attisdropped`.execute(
      this.#db,
    );
    const columns = sql.join(rows.map(({ name }) => sql.ref(name)));
    const { numAffectedRows } = await sql`insert into ${sql.ref(table)} (${columns})
      select ${columns} from ${sql.ref(this.source)} where ${within}`.execute(this.#db);
    return Number(numAffectedRows ?? 0n);
  }

  async #count(within: ReturnType<typeof sql>): Promise<number> {
    const { rows } = await sql<{ n: number }>`
      select count(*) as n from ${sql.ref(this.source)} where ${within}`.execute(this.#db);
    return Number(rows[0]?.n);
  }

  async #sumUp(within: ReturnType<typeof sql>): Promise<void> {
    await sql`insert into gateway_usage (
        hour, provider, model, key_id, owner, org_id, team_id, user_id,
        calls, refused, cached, failed, canceled, input_tokens, output_tokens,
        cached_input_tokens, reasoning_tokens, cost_micro_usd, unpriced, estimated)
      select at_ms / ${sql.lit(hourMs)}, provider, substr(model, 1, ${sql.lit(maxGroupChars)}),
        coalesce(key_id, ''), coalesce(owner, ''), coalesce(org_id, ''), coalesce(team_id, ''),
        coalesce(user_id, ''),
        sum(case when outcome in ('refused', 'cached') then 0 else 1 end),
        sum(case when outcome = 'refused' then 1 else 0 end),
        sum(case when outcome = 'cached' then 1 else 0 end),
        sum(case when outcome in ('error', 'incomplete') then 1 else 0 end),
        sum(case when outcome = 'canceled' then 1 else 0 end),
        sum(input_tokens), sum(output_tokens), sum(cached_input_tokens), sum(reasoning_tokens),
        sum(coalesce(cost_micro_usd, 0)),
        sum(case when cost_micro_usd is null and (outcome not in ('error', 'refused')
          or input_tokens + output_tokens > 0) then 1 else 0 end),
        sum(case when estimated then 1 else 0 end)
      from ${sql.ref(this.source)} where ${within}
      group by 1, 2, 3, 4, 5, 6, 7, 8`.execute(this.#db);
  }

  /** Throws `data_loss` unless as many rows were moved as there are. */
  async check(): Promise<void> {
    if (!this.#hasWork) return;
    const [done, { rows }] = [
      await this.done(),
      await sql<{ n: number }>`select count(*) as n from ${sql.ref(this.source)}`.execute(this.#db),
    ];
    const there = Number(rows[0]?.n);
    if (there === done) return;
    throw new RpcError(
      'data_loss',
      `${this.source} has ${there} rows, and ${done} were moved: another program wrote in between; stop it`,
    );
  }

  async #read(what: string): Promise<number | undefined> {
    const { rows } = await sql<{ value: number }>`
      select value from gateway_state where name = ${`${this.#name}_moved_${what}`}`.execute(
      this.#db,
    );
    return rows[0]?.value;
  }

  async #write(what: string, value: number): Promise<void> {
    await sql`insert into gateway_state (name, value)
      values (${`${this.#name}_moved_${what}`}, ${value})
      on conflict (name) do update set value = excluded.value`.execute(this.#db);
  }
}

async function tidy(db: Kysely<unknown>, moves: readonly Move[]): Promise<void> {
  for (const move of moves) {
    await move.check();
    if (move.source.endsWith('_old')) await sql`drop table ${sql.ref(move.source)}`.execute(db);
  }
  await sql`delete from gateway_state where name like '%\\_moved\\_%' escape '\\'`.execute(db);
}
