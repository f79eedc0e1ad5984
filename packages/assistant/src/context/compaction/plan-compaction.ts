import type { ModelMessage, ModelPart } from '../../model/model-client.ts';
import { applyCompaction, cutHeadLength, cutResults, cutTailLength } from './apply-compaction.ts';
import type { CompactionRecord } from './compaction-record.ts';

/** What room there is, in tokens, and how they are counted. */
export interface CompactionBudget {
  /** What the conversation may take, beside the system prompt and the tools. */
  readonly maxTokens: number;
  readonly countParts: (parts: readonly ModelPart[]) => number;
  /** Compact whatever the size. */
  readonly force: boolean;
}

/** What is to be done so that a conversation fits. */
export type CompactionPlan =
  | { readonly kind: 'none' }
  /** Cheap: older results of tools are cut. Counts with the head of the record before. */
  | { readonly kind: 'cut'; readonly cutCallIds: readonly string[] }
  /** Messages before `covers` are to be replaced by a summary. */
  | {
      readonly kind: 'summarize';
      readonly covers: number;
      readonly cutCallIds: readonly string[];
    }
  /** It is too long, and there is nothing to take away. */
  | { readonly kind: 'stuck' };

/** Of the room: beyond this a conversation is compacted. */
const fullAt = 0.85;
/** A cut must bring it below this, or a summary is due soon anyway. */
const cutEnough = 0.65;
/** What stays whole at the end. */
const keptShare = 0.3;
/** Results in so many newest messages are not cut as long as others are left. */
const newestMessages = 8;

/**
 * Decides from the whole conversation of a session and its last record. Pure: equal arguments give
 * equal plans.
 */
export function planCompaction(
  messages: readonly ModelMessage[],
  record: CompactionRecord | undefined,
  budget: CompactionBudget,
): CompactionPlan {
  const sent = applyCompaction(messages, record);
  const isApplied = record !== undefined && sent !== messages;
  const tokens = countAll(sent, budget);
  if (!budget.force && tokens <= budget.maxTokens * fullAt) return { kind: 'none' };
  const covered = isApplied ? record.covers : 0;
  const known = isApplied ? record.cutCallIds : [];
  const older = messages.slice(covered, Math.max(covered, messages.length - newestMessages));
  const cutCallIds = [...new Set([...known, ...longResults(older)])];
  if (!budget.force && cutCallIds.length > known.length) {
    const cut = countAll(cutResults(sent, cutCallIds), budget);
    if (cut <= budget.maxTokens * cutEnough) return { kind: 'cut', cutCallIds };
  }
  const covers = keptFrom(messages, cutCallIds, budget);
  if (covers > covered) return { kind: 'summarize', covers, ...tailCuts(messages, covers, budget) };
  const all = [...new Set([...known, ...longResults(messages.slice(covered))])];
  return all.length > known.length ? { kind: 'cut', cutCallIds: all } : { kind: 'stuck' };
}

function countAll(messages: readonly ModelMessage[], budget: CompactionBudget): number {
  return messages.reduce((sum, { parts }) => sum + budget.countParts(parts), 0);
}

/** Calls whose results would get shorter. */
function longResults(messages: readonly ModelMessage[]): string[] {
  return messages.flatMap(({ parts }) =>
    parts.flatMap((part) => {
      if (part.type !== 'tool-result') return [];
      const isLong = part.content.some(
        (item) => item.type === 'image' || item.text.length > 2 * (cutHeadLength + cutTailLength),
      );
      return isLong ? [part.callId] : [];
    }),
  );
}

/**
 * The first answer that stays: from it to the end is what fits, and the last exchange in any case. It
 * is an answer, so that its calls and their results stand on one side; 0 where there is none.
 */
function keptFrom(
  messages: readonly ModelMessage[],
  cutCallIds: readonly string[],
  budget: CompactionBudget,
): number {
  const room = budget.maxTokens * keptShare;
  const cut = cutResults(messages, cutCallIds);
  let from = 0;
  let tokens = 0;
  for (let at = messages.length - 1; at > 0; at--) {
    tokens += budget.countParts(cut[at]?.parts ?? []);
    if (from > 0 && tokens > room) break;
    if (messages[at]?.role === 'assistant') from = at;
  }
  return from;
}

/** Results of the tail are cut where even the tail is too long; the newest too, as there is no other. */
function tailCuts(
  messages: readonly ModelMessage[],
  covers: number,
  budget: CompactionBudget,
): { cutCallIds: readonly string[] } {
  const tail = messages.slice(covers);
  const fits = countAll(tail, budget) <= budget.maxTokens * keptShare * 2;
  return { cutCallIds: fits ? [] : longResults(tail) };
}
