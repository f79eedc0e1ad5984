import { createDayPartition, partitionName } from '@zeke/foundation';
import { type Kysely, sql } from 'kysely';

/**
 * Makes the partition of the audit log for one day (days since the epoch) on PostgreSQL, which cannot
 * be emptied either. False when it was there already. Call it in a transaction.
 */
export async function createAuditDay(db: Kysely<unknown>, day: number): Promise<boolean> {
  if (!(await createDayPartition(db, 'gateway_audit', day))) return false;
  // Triggers for rows come with the table that the partition is of, those for statements do not.
  await sql`create trigger gateway_audit_no_truncate
    before truncate on ${sql.ref(partitionName('gateway_audit', day))}
    for each statement execute function gateway_audit_refuse()`.execute(db);
  return true;
}
