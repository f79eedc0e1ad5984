import type { TodoItem } from '../agent/agent-event.ts';
import type { CompactionRecord } from '../context/compaction/compaction-record.ts';
import type { EntryOf, SessionEntry } from './session-entry.ts';

/** What a session comes to, after its reverts. */
export interface SessionState {
  /** In order, without what was reverted and the reverts themselves. */
  readonly active: readonly SessionEntry[];
  readonly compaction: CompactionRecord | undefined;
  readonly todo: readonly TodoItem[];
  /** Deferred tools that the model has found. */
  readonly foundTools: ReadonlySet<string>;
  /** Those that can be undone, in order; `isUndone` after an undo that no redo followed. */
  readonly changes: readonly ChangeState[];
}

export interface ChangeState {
  readonly seq: number;
  /** The answer whose calls made it: changes of one answer are undone together. */
  readonly answerSeq: number;
  readonly change: EntryOf<'change'>;
  readonly isUndone: boolean;
}

/** The state that a session's entries lead to. */
export function foldEntries(entries: readonly SessionEntry[]): SessionState {
  const active = withoutReverted(entries);
  let compaction: CompactionRecord | undefined;
  let todo: readonly TodoItem[] = [];
  const foundTools = new Set<string>();
  const changes = new Map<number, ChangeState>();
  let answerSeq = 0;
  for (const { seq, data } of active) {
    if (data.kind === 'answer') answerSeq = seq;
    else if (data.kind === 'compaction') compaction = data.record;
    else if (data.kind === 'todo') todo = data.items;
    else if (data.kind === 'tools') for (const name of data.names) foundTools.add(name);
    else if (data.kind === 'change' && data.paths.length > 0 && data.isApart !== true) {
      changes.set(seq, { seq, answerSeq, change: data, isUndone: false });
    } else if (data.kind === 'undo') {
      const of = changes.get(data.changeSeq);
      if (of !== undefined) changes.set(of.seq, { ...of, isUndone: data.direction === 'undo' });
    }
  }
  return { active, compaction, todo, foundTools, changes: [...changes.values()] };
}

function withoutReverted(entries: readonly SessionEntry[]): SessionEntry[] {
  const active: SessionEntry[] = [];
  for (const entry of entries) {
    const { data } = entry;
    if (data.kind !== 'revert') {
      active.push(entry);
      continue;
    }
    while ((active.at(-1)?.seq ?? 0) > data.toSeq) active.pop();
  }
  return active;
}
