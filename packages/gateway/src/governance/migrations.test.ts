import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { listDayPartitions, openStorage, type Storage, type StorageKind } from '@zeke/foundation';
import { postgresDatabase, temporaryDirectory } from '@zeke/foundation/testing';
import { sql } from 'kysely';
import { AuditLog } from './audit/audit-log.ts';
import { verifyChain } from './audit/verify-chain.ts';
import { gatewayMigrations } from './migrations.ts';
import type { GatewayTables } from './tables.ts';
import { fillOldRows, oldRowsFromMs } from './testing/old-rows.ts';
import { storageKinds } from './testing/test-storage.ts';

const dayMs = 86_400_000;
const day = 20_000;

/** The columns that a row of the ledger had before there were budgets and could not do without. */
function oldRow(keyId: string | null, provider: string, atMs: number, cost: number | null) {
  const texts = ['model', 'requested_model', 'operation', 'caller_dialect', 'provider_dialect'];
  const counts = ['input', 'output', 'cached_input', 'cache_write_5m', 'cache_write_1h'];
  const more = ['reasoning', 'audio_input', 'audio_output', 'image_input', 'image_output'];
  return {
    ...Object.fromEntries(texts.map((name) => [name, 'x'])),
    ...Object.fromEntries([...counts, ...more].map((name) => [`${name}_tokens`, 0])),
    at_ms: atMs,
    request_id: 'req_1',
    attempt: 1,
    key_id: keyId,
    provider,
    streamed: false,
    outcome: 'ok',
    estimated: false,
    cost_micro_usd: cost,
    latency_ms: 1,
  };
}

for (const { kind, skip } of storageKinds) {
  describe.skipIf(skip)(`migrations on ${kind}`, () => {
    test('what the ledger had before budgets is spent by key and provider, day by day', async () => {
      await using stack = new AsyncDisposableStack();
      const url =
        kind === 'sqlite'
          ? `sqlite:${join(stack.use(await temporaryDirectory()).path, 'zeke.db')}`
          : stack.use(await postgresDatabase()).url;
      const storage = stack.use(await openStorage<GatewayTables>(url));
      const { migrations, owner } = gatewayMigrations;
      await storage.migrate([{ owner, migrations: migrations.slice(0, 3) }]);
      const rows = [
        oldRow('key_1', 'openai', day * dayMs, 10),
        oldRow('key_1', 'openai', (day + 1) * dayMs - 1, 5),
        oldRow('key_1', 'xai', (day + 1) * dayMs, 7),
        oldRow(null, 'openai', day * dayMs, 1),
        oldRow('key_2', 'openai', day * dayMs, null),
      ];
      for (const row of rows) {
        await storage.db
          .insertInto('gateway_ledger')
          .values(row as never)
          .execute();
      }
      await storage.migrate([gatewayMigrations]);
      const spent = await storage.db
        .selectFrom('gateway_spend')
        .selectAll()
        .orderBy('kind')
        .orderBy('id')
        .orderBy('day')
        .execute();
      expect(spent).toEqual([
        { kind: 'key', id: 'key_1', day, micro_usd: 15 },
        { kind: 'key', id: 'key_1', day: day + 1, micro_usd: 7 },
        { kind: 'provider', id: 'openai', day, micro_usd: 16 },
        { kind: 'provider', id: 'xai', day: day + 1, micro_usd: 7 },
      ]);
    });

    test('rows from before there were days are all there, by day and summed up', async () => {
      await using fixture = await emptyDatabase(kind);
      const { storage } = fixture;
      await fillOldRows(storage, { rows: 4_000, days: 8 });
      const ledgerBefore = await digest(storage, 'gateway_ledger', 'id');
      const auditBefore = await digest(storage, 'gateway_audit', 'seq');
      const done: number[] = [];
      await storage.migrate([gatewayMigrations], (_, progress) => {
        done.push(progress.doneRows);
        expect(progress.totalRows).toBe(kind === 'postgres' ? 4_016 : 4_000);
      });
      expect(done).toEqual(done.toSorted((a, b) => a - b));
      expect(done.at(-1)).toBe(kind === 'postgres' ? 4_016 : 4_000);
      expect(await digest(storage, 'gateway_ledger', 'id')).toEqual(ledgerBefore);
      expect(await digest(storage, 'gateway_audit', 'seq')).toEqual(auditBefore);
      const tables = (await storage.db.introspection.getTables()).map(({ name }) => name);
      expect(tables.filter((name) => name.endsWith('_old'))).toEqual([]);
      await expectUsageOfRows(storage);
      if (kind === 'postgres') {
        const days = await listDayPartitions(storage.as<unknown>().db, 'gateway_ledger');
        expect(days).toHaveLength(7);
      }
      const audit = new AuditLog({ storage, now: () => oldRowsFromMs });
      expect(await verifyChain(audit)).toMatchObject({ entries: 16 });
    });

    test('a migration that is killed on its way goes on where it was', async () => {
      await using fixture = await emptyDatabase(kind);
      const { storage, url } = fixture;
      await fillOldRows(storage, { rows: 3_000, days: 10 });
      const before = await digest(storage, 'gateway_ledger', 'id');
      const child = Bun.spawn([process.execPath, migrateProgram, url], { stdout: 'pipe' });
      const { value } = await child.stdout.getReader().read();
      child.kill('SIGKILL');
      await child.exited;
      expect(new TextDecoder().decode(value)).toStartWith('gateway 10 days-moved ');
      const { rows } = await sql<{ n: number }>`
        select count(*) as n from zeke_migrations where number = 10`.execute(storage.db);
      expect(rows).toEqual([{ n: 0 }]);
      let steps = 0;
      await storage.migrate([gatewayMigrations], () => void steps++);
      expect(steps).toBeGreaterThan(0);
      expect(await digest(storage, 'gateway_ledger', 'id')).toEqual(before);
      await expectUsageOfRows(storage);
    });
  });
}

const migrateProgram = join(import.meta.dir, 'testing', 'migrate-slowly-program.ts');

async function emptyDatabase(kind: StorageKind) {
  const stack = new AsyncDisposableStack();
  const url =
    kind === 'sqlite'
      ? `sqlite:${join(stack.use(await temporaryDirectory()).path, 'zeke.db')}`
      : stack.use(await postgresDatabase()).url;
  const storage = stack.use(await openStorage<GatewayTables>(url));
  return { storage, url, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Of all rows with all their columns. */
async function digest(
  storage: Storage<GatewayTables>,
  table: 'gateway_ledger' | 'gateway_audit',
  order: string,
): Promise<{ rows: number; hash: string }> {
  const { rows } = await sql<object>`
    select * from ${sql.ref(table)} order by ${sql.ref(order)}`.execute(storage.db);
  const hash = new Bun.CryptoHasher('sha256').update(JSON.stringify(rows)).digest('hex');
  return { rows: rows.length, hash };
}

/** What is summed up is what the rows say. */
async function expectUsageOfRows({ db }: Storage<GatewayTables>): Promise<void> {
  const { rows: summed } = await sql<object>`
    select hour, model, key_id, sum(calls) as calls, sum(refused) as refused, sum(failed) as failed,
      sum(canceled) as canceled, sum(input_tokens) as input, sum(output_tokens) as output,
      sum(cost_micro_usd) as cost, sum(unpriced) as unpriced, sum(estimated) as estimated
    from gateway_usage group by 1, 2, 3 order by 1, 2, 3`.execute(db);
  const { rows } = await sql<object>`
    select at_ms / 3600000 as hour, model, key_id,
      count(case when outcome <> 'refused' then 1 end) as calls,
      count(case when outcome = 'refused' then 1 end) as refused,
      count(case when outcome = 'error' then 1 end) as failed,
      count(case when outcome = 'canceled' then 1 end) as canceled,
      sum(input_tokens) as input, sum(output_tokens) as output,
      coalesce(sum(cost_micro_usd), 0) as cost,
      count(case when cost_micro_usd is null and (outcome not in ('error', 'refused')
        or input_tokens + output_tokens > 0) then 1 end) as unpriced,
      count(case when estimated then 1 end) as estimated
    from gateway_ledger group by 1, 2, 3 order by 1, 2, 3`.execute(db);
  expect(rows.length).toBeGreaterThan(100);
  expect(summed).toEqual(rows);
}
