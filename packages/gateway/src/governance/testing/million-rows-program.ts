import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger, openStorage, type Storage, type StorageKind } from '@zeke/foundation';
import { skipsWithout, stoppablePostgres, temporaryDirectory } from '@zeke/foundation/testing';
import { sql } from 'kysely';
import { AuditLog } from '../audit/audit-log.ts';
import { verifyChain } from '../audit/verify-chain.ts';
import { gatewayMigrations } from '../migrations.ts';
import { Maintenance } from '../retention/maintenance.ts';
import type { GatewayTables } from '../tables.ts';
import { fillOldRows, oldRowsFromMs } from './old-rows.ts';

/**
 * `bun million-rows-program.ts [rows]` migrates databases of both kinds with so many rows, a million
 * unless told otherwise: killed on the way, gone on with, compared; then cut by retention. It ends with 1
 * when a row is missing or a sum is not that of the rows.
 */
const rows = Number(process.argv[2] ?? 1_000_000);
const days = 90;
const dayMs = 86_400_000;
const program = join(import.meta.dir, 'migrate-slowly-program.ts');

for (const kind of ['sqlite', 'postgres'] as const) {
  if (kind === 'postgres' && skipsWithout('postgresql')) {
    say('postgres: not installed, left out');
    continue;
  }
  await tryDatabase(kind);
}

async function tryDatabase(kind: StorageKind): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const url =
    kind === 'sqlite'
      ? `sqlite:${join(stack.use(await temporaryDirectory()).path, 'zeke.db')}`
      : stack.use(await stoppablePostgres()).url;
  const storage = stack.use(await openStorage<GatewayTables>(url, { statementTimeoutMs: 600_000 }));
  await timed(`${kind}: ${rows} rows on ${days} days`, () => fillOldRows(storage, { rows, days }));
  const before = await sumsOf(storage, 'gateway_ledger');
  for (const steps of [1, 2, 3]) {
    await timed(`${kind}: begun for the ${steps}. time, and killed`, () => beginAndKill(url));
  }
  const told: string[] = [];
  await timed(`${kind}: gone on with to its end`, () =>
    storage.migrate([gatewayMigrations], (title, { doneRows, totalRows }) => {
      told.push(`${title} ${doneRows} of ${totalRows}`);
    }),
  );
  say(`  ${told[0]} … ${told.at(-1)}`);
  same(`${kind}: the rows`, await sumsOf(storage, 'gateway_ledger'), before);
  same(`${kind}: the sums by hour`, await usageSums(storage), before.slice(3));
  const audit = new AuditLog({ storage, now: Date.now });
  const { fault } = await verifyChain(audit);
  if (fault) throw new Error(fault.message);
  await timed(`${kind}: two thirds of the days removed`, () => cut(storage));
  same(`${kind}: the sums by hour after that`, await usageSums(storage), before.slice(3));
}

async function beginAndKill(url: string): Promise<void> {
  const child = Bun.spawn([process.execPath, program, url], { stdout: 'pipe' });
  await child.stdout.getReader().read();
  child.kill('SIGKILL');
  await child.exited;
}

async function sumsOf({ db }: Storage<GatewayTables>, table: string): Promise<number[]> {
  const { rows: found } = await sql<Record<string, number>>`
    select count(*) as a, sum(id) as b, sum(at_ms - ${sql.lit(oldRowsFromMs)}) as c,
      count(case when outcome <> 'refused' then 1 end) as d, sum(input_tokens) as e,
      sum(output_tokens) as f, sum(coalesce(cost_micro_usd, 0)) as g
    from ${sql.ref(table)}`.execute(db);
  return Object.values(found[0] ?? {}).map(Number);
}

async function usageSums({ db }: Storage<GatewayTables>): Promise<number[]> {
  const { rows: found } = await sql<Record<string, number>>`
    select sum(calls) as d, sum(input_tokens) as e, sum(output_tokens) as f, sum(cost_micro_usd) as g
    from gateway_usage`.execute(db);
  return Object.values(found[0] ?? {}).map(Number);
}

async function cut(storage: Storage<GatewayTables>): Promise<void> {
  const nowMs = oldRowsFromMs + days * dayMs;
  await using maintenance = new Maintenance({
    storage,
    log: createLogger({ level: 'warn' }),
    now: () => nowMs,
    monotonicMs: () => 0,
    settings: () => ({ ledgerDays: days / 3, usageDays: 0, auditDays: days / 3 }),
  });
  await maintenance.run();
  const left = (await sumsOf(storage, 'gateway_ledger'))[0] ?? 0;
  if (left === 0 || left > rows / 2) throw new Error(`${left} rows are left`);
}

async function timed(what: string, work: () => Promise<void>): Promise<void> {
  const startedAt = performance.now();
  await work();
  say(`${what}: ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
}

function same(what: string, found: readonly number[], expected: readonly number[]): void {
  if (JSON.stringify(found) !== JSON.stringify(expected)) {
    throw new Error(`${what} are ${found.join(', ')}, and were ${expected.join(', ')}`);
  }
  say(`${what} are the same`);
}

function say(line: string): void {
  writeSync(1, `${line}\n`);
}
