import type { ColumnValue, Storage } from '@zeke/foundation';
import type { Transaction } from 'kysely';
import { addSpend } from './budgets/spend.ts';
import type { GatewayTables, SpendTable } from './tables.ts';
import { usageKeys, usageOf, usageSums } from './usage-sums.ts';

/**
 * Rows that are written in one transaction with all that is summed up of them. A writer numbers its
 * batches and writes them in their order, so the database knows which it has: one that is written again,
 * because nobody knew whether it was, changes nothing.
 */
export interface LedgerBatch {
  /** Of the process that made it. */
  writer: string;
  /** From 1. */
  number: number;
  /** Of the last row, in milliseconds since the epoch. */
  atMs: number;
  columns: readonly string[];
  rows: readonly (readonly ColumnValue[])[];
  spend: readonly SpendTable[];
}

/** Writes a batch, unless it is written. The days of its rows have partitions. */
export async function writeBatch(
  storage: Storage<GatewayTables>,
  batch: LedgerBatch,
): Promise<void> {
  await storage.db.transaction().execute(async (transaction) => {
    if (!(await takeTurn(transaction, batch))) return;
    const { columns, rows, spend } = batch;
    await storage.insertMany('gateway_ledger', columns, rows, transaction);
    await addSpend(storage, spend, transaction);
    const usage = usageOf(columns, rows);
    await storage.addMany('gateway_usage', usageKeys, usageSums, usage, transaction);
  });
}

/**
 * Notes that a batch of a writer is written. False when it was, or one after it: then its rows are
 * there.
 */
export async function takeTurn(
  transaction: Transaction<GatewayTables>,
  { writer, number, atMs }: Pick<LedgerBatch, 'writer' | 'number' | 'atMs'>,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await transaction
    .insertInto('gateway_writers')
    .values({ id: writer, batch: number, at_ms: atMs })
    .onConflict((conflict) =>
      conflict
        .column('id')
        .doUpdateSet({ batch: number, at_ms: atMs })
        .where('gateway_writers.batch', '<', number),
    )
    .executeTakeFirst();
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeBatch(batch: LedgerBatch): Uint8Array {
  return encoder.encode(JSON.stringify(batch));
}

/** Undefined for what is no batch. */
export function decodeBatch(bytes: Uint8Array): LedgerBatch | undefined {
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(bytes));
  } catch {
    return undefined;
  }
  return isBatch(value) ? value : undefined;
}

function isBatch(value: unknown): value is LedgerBatch {
  if (typeof value !== 'object' || value === null) return false;
  const { writer, number, atMs, columns, rows, spend } = value as Record<string, unknown>;
  return (
    typeof writer === 'string' &&
    Number.isSafeInteger(number) &&
    Number.isSafeInteger(atMs) &&
    Array.isArray(columns) &&
    columns.every((name) => typeof name === 'string' && /^[a-z\d_]+$/.test(name)) &&
    columns.includes('at_ms') &&
    Array.isArray(rows) &&
    rows.every((row) => Array.isArray(row) && row.length === columns.length) &&
    rows.every((row) => Number.isSafeInteger(row[columns.indexOf('at_ms')])) &&
    Array.isArray(spend) &&
    spend.every(isSpend)
  );
}

function isSpend(value: unknown): value is SpendTable {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, id, day, micro_usd: microUsd } = value as Partial<SpendTable>;
  return (
    typeof kind === 'string' &&
    typeof id === 'string' &&
    Number.isSafeInteger(day) &&
    Number.isSafeInteger(microUsd)
  );
}

/** When the rows of a batch were, in milliseconds since the epoch. */
export function timesOf({ columns, rows }: LedgerBatch): Set<number> {
  const at = columns.indexOf('at_ms');
  return new Set(rows.map((row) => Number(row[at])));
}
