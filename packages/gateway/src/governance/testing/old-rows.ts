import type { Storage } from '@zeke/foundation';
import { sql } from 'kysely';
import { type AuditEvent, rowAfter } from '../audit/audit-entry.ts';
import { gatewayMigrations } from '../migrations.ts';
import type { AuditTable, GatewayTables } from '../tables.ts';

/** The last migration before the ledger was parted by days. */
const migrationsBeforeDays = 8;

/** The first moment of the first day that has rows. */
export const oldRowsFromMs = Date.UTC(2026, 8, 1);

const dayMs = 86_400_000;

/** The migrations of the gateway up to that number. */
function migrationsUpTo(number: number): typeof gatewayMigrations {
  const { migrations, owner } = gatewayMigrations;
  return { owner, migrations: migrations.slice(0, number) };
}

/**
 * Fills a database from before the ledger was parted by days: so many rows of the ledger, even on so
 * many days but for one in the middle that has none, and a few audited actions a day.
 */
export async function fillOldRows(
  storage: Storage<GatewayTables>,
  { rows, days }: { rows: number; days: number },
): Promise<void> {
  await storage.migrate([migrationsUpTo(migrationsBeforeDays)]);
  const step = Math.floor(((days - 1) * dayMs) / rows);
  const hole = oldRowsFromMs + Math.floor(days / 2) * dayMs;
  const numbers =
    storage.kind === 'postgres'
      ? sql`select g as n from generate_series(0, ${sql.lit(rows - 1)}) g`
      : sql`with recursive g(n) as (select 0 union all select n + 1 from g where n < ${sql.lit(rows - 1)})
          select n from g`;
  const at = sql`${sql.lit(oldRowsFromMs)} + n * cast(${sql.lit(step)} as bigint)`;
  const isTrue = storage.kind === 'postgres' ? sql`n % 7 = 0` : sql`(n % 7 = 0)`;
  await sql`insert into gateway_ledger (
      at_ms, request_id, attempt, key_id, owner, org_id, provider, model, requested_model, operation,
      caller_dialect, provider_dialect, streamed, outcome, estimated, cost_micro_usd, latency_ms,
      input_tokens, output_tokens, cached_input_tokens, cache_write_5m_tokens, cache_write_1h_tokens,
      reasoning_tokens, audio_input_tokens, audio_output_tokens, image_input_tokens,
      image_output_tokens)
    select case when ${at} >= ${sql.lit(hole)} then ${at} + ${sql.lit(dayMs)} else ${at} end,
      'req_' || n, 1, 'key_' || n % 5, case when n % 3 = 0 then null else 'ada' end, 'org_' || n % 2,
      'openai', 'gpt-' || n % 3, 'gpt-' || n % 3, 'chat', 'openai-chat', 'openai-chat', ${isTrue},
      case n % 10 when 0 then 'error' when 1 then 'canceled' when 2 then 'refused' else 'ok' end,
      ${isTrue}, case when n % 4 = 0 then null else n % 100 end, n % 1000,
      n % 1000, n % 300, n % 50, 0, 0, n % 20, 0, 0, 0, 0
    from (${numbers}) as numbers`.execute(storage.db);
  await storage.insertMany('gateway_audit', auditColumns, auditRows(days));
}

const auditColumns = [
  ...(['seq', 'at_ms', 'actor', 'key_id', 'owner', 'action', 'object_kind', 'object_id'] as const),
  ...(['address', 'request_id', 'outcome', 'detail', 'previous_hash', 'hash'] as const),
];

/** Two actions a day, in one chain. */
function auditRows(days: number): (string | number | null)[][] {
  const rows: (string | number | null)[][] = [];
  let last: AuditTable | undefined;
  for (let index = 0; index < days * 2; index++) {
    const event: AuditEvent = {
      actor: 'local',
      action: index % 2 === 0 ? 'key.create' : 'key.revoke',
      objectKind: 'key',
      requestId: `req_${index}`,
      outcome: 'ok',
      detail: { index },
    };
    const row = rowAfter(last, event, oldRowsFromMs + Math.floor(index / 2) * dayMs);
    rows.push(auditColumns.map((column) => row[column]));
    last = row;
  }
  return rows;
}
