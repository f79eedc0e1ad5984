import { openCalls } from '../sessions/conversation.ts';
import { foldEntries } from '../sessions/fold-entries.ts';
import type { SessionLease } from '../sessions/session-lease.ts';

/** Gives each call that has no result one that says why, so that the conversation stays valid. */
export async function closeCalls(lease: SessionLease, text: string): Promise<void> {
  const open = openCalls(foldEntries(lease.entries).active);
  if (open.length === 0) return;
  const results = open.map(({ id }) => ({
    kind: 'result' as const,
    callId: id,
    isError: true,
    text,
    images: [],
    summary: 'not run',
    changes: [],
    durationMs: 0,
    isRepair: false,
  }));
  await lease.append(...results);
}
