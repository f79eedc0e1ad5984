import { shownPath } from '../snapshots/changed-file.ts';
import type { Snapshots } from '../snapshots/snapshots.ts';
import { openCalls } from './conversation.ts';
import { foldEntries } from './fold-entries.ts';
import type { EntryOf } from './session-entry.ts';
import type { SessionLease } from './session-lease.ts';

/** How many paths a repaired result names. */
const maxNamedPaths = 50;

/**
 * Repairs what the end of a process left half done: changes in files since the last snapshot are noted,
 * so that they can be undone, and each call without a result gets one that says what is known. Says how
 * many calls there were.
 */
export async function recoverSession(
  lease: SessionLease,
  snapshots: Snapshots | undefined,
  signal: AbortSignal,
): Promise<number> {
  const known = await closeSnapshot(lease, snapshots, signal);
  const calls = openCalls(foldEntries(lease.entries).active);
  const why =
    lease.damaged.length === 0
      ? 'This call was interrupted: the process that ran it ended.'
      : 'This call was interrupted, or the record of its result is damaged.';
  const text = `${why} ${known}`;
  await lease.append(
    ...calls.map(({ id }) => ({
      kind: 'result' as const,
      callId: id,
      isError: true,
      text,
      images: [],
      summary: 'interrupted',
      changes: [],
      durationMs: 0,
      isRepair: true,
    })),
  );
  return calls.length;
}

/** What is known of the files, for the model. */
async function closeSnapshot(
  lease: SessionLease,
  snapshots: Snapshots | undefined,
  signal: AbortSignal,
): Promise<string> {
  const snapshot = openSnapshot(lease);
  if (snapshot === undefined) return 'Nothing that changes files had begun.';
  if (snapshots === undefined)
    return 'It may have run, in part or as a whole: look before you go on.';
  const { tree } = await snapshots.take(signal, snapshot.also);
  const changed = await snapshots.changes(snapshot.tree, tree, signal).catch(() => undefined);
  const paths = changed?.map(({ bytePath }) => shownPath(bytePath)) ?? [];
  const { step } = snapshot;
  await lease.append({ kind: 'change', step, before: snapshot.tree, after: tree, paths });
  if (changed === undefined) return 'What it changed is not known: look before you go on.';
  if (paths.length === 0) return 'No file has changed since before it.';
  const more = paths.length > maxNamedPaths ? ` and ${paths.length - maxNamedPaths} more` : '';
  const named = paths.slice(0, maxNamedPaths).join(', ');
  return `Files that changed since before it: ${named}${more}. Look at them before you go on.`;
}

/** The last snapshot, where nothing says that the calls after it are done. */
function openSnapshot(lease: SessionLease): EntryOf<'snapshot'> | undefined {
  const last = foldEntries(lease.entries).active.findLast(
    ({ data }) => data.kind === 'snapshot' || data.kind === 'change',
  );
  return last?.data.kind === 'snapshot' ? last.data : undefined;
}
