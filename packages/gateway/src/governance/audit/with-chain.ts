import type { Storage } from '@zeke/foundation';
import { sql, type Transaction } from 'kysely';
import type { AuditTable, GatewayTables } from '../tables.ts';

/** The lock of PostgreSQL under which one process at a time appends. */
const chainLock = 0x7a656b6541;

/** Does this in a transaction in which nobody else appends; `last` is the end of the chain. */
export async function withChain<T>(
  { db, kind }: Storage<GatewayTables>,
  work: (transaction: Transaction<GatewayTables>, last: AuditTable | undefined) => Promise<T>,
): Promise<T> {
  // Each statement has to see what others committed before it got the lock.
  const transaction =
    kind === 'postgres' ? db.transaction().setIsolationLevel('read committed') : db.transaction();
  return await transaction.execute(async (within) => {
    if (kind === 'postgres') await sql`select pg_advisory_xact_lock(${chainLock})`.execute(within);
    const last = await within
      .selectFrom('gateway_audit')
      .selectAll()
      .orderBy('seq', 'desc')
      .limit(1)
      .executeTakeFirst();
    return await work(within, last);
  });
}
