import type { Kysely } from 'kysely';
import { entryData, type SessionEntry } from './session-entry.ts';
import type { DamagedEntry } from './session-store.ts';
import type { EntryRow, SessionTables } from './tables.ts';

/** All entries of a session in order, and which of its rows cannot be read. */
export async function readEntries(
  db: Kysely<SessionTables>,
  sessionId: string,
): Promise<{ entries: SessionEntry[]; damaged: DamagedEntry[] }> {
  const rows = await db
    .selectFrom('assistant_entries')
    .selectAll()
    .where('session_id', '=', sessionId)
    .orderBy('seq')
    .execute();
  const entries: SessionEntry[] = [];
  const damaged: DamagedEntry[] = [];
  for (const row of rows) {
    const read = readEntry(row);
    if (typeof read === 'string') damaged.push({ seq: row.seq, reason: read });
    else entries.push(read);
  }
  return { entries, damaged };
}

/** The entry, or why it cannot be read. */
function readEntry(row: EntryRow): SessionEntry | string {
  let value: unknown;
  try {
    value = JSON.parse(row.data);
  } catch {
    return 'it is not JSON';
  }
  const checked = entryData.safeParse(value);
  if (checked.success) return { seq: row.seq, atMs: row.at_ms, data: checked.data };
  const [issue] = checked.error.issues;
  return `${issue?.path.join('.') || 'entry'}: ${issue?.message}`;
}
