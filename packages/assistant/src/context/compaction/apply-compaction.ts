import type { ModelMessage, ModelPart, ToolResultPart } from '../../model/model-client.ts';
import type { CompactionRecord } from './compaction-record.ts';
import { cutText } from './cut-text.ts';

/** Of a result that is cut, in UTF-16 units. */
export const cutHeadLength = 1_500;
export const cutTailLength = 1_000;

/**
 * The conversation that is sent: whole without a record. A record that does not fit these messages, as
 * after the session went back before it, counts for nothing. Calls and their results stay together.
 */
export function applyCompaction(
  messages: readonly ModelMessage[],
  record: CompactionRecord | undefined,
): readonly ModelMessage[] {
  if (record === undefined || !fits(messages, record)) return messages;
  return [...record.head, ...cutResults(messages.slice(record.covers), record.cutCallIds)];
}

/** Messages with the results of these calls cut to head and tail. */
export function cutResults(
  messages: readonly ModelMessage[],
  callIds: readonly string[],
): readonly ModelMessage[] {
  if (callIds.length === 0) return messages;
  const ids = new Set(callIds);
  return messages.map((message) =>
    message.parts.some((part) => isResultOf(part, ids))
      ? {
          ...message,
          parts: message.parts.map((part) => (isResultOf(part, ids) ? cutResult(part) : part)),
        }
      : message,
  );
}

/** A record with a head ends in the user's role, so that an answer has to follow. */
function fits(messages: readonly ModelMessage[], { covers, head }: CompactionRecord): boolean {
  if (head.length === 0) return covers === 0;
  return messages[covers]?.role === 'assistant';
}

function isResultOf(part: ModelPart, ids: ReadonlySet<string>): part is ToolResultPart {
  return part.type === 'tool-result' && ids.has(part.callId);
}

/** The same object for the same part, so that what is known of it by identity stays known. */
const cuts = new WeakMap<ToolResultPart, ToolResultPart>();

function cutResult(part: ToolResultPart): ToolResultPart {
  const known = cuts.get(part);
  if (known !== undefined) return known;
  const cut: ToolResultPart = {
    ...part,
    content: part.content.map((item) =>
      item.type === 'image'
        ? { type: 'text', text: '[an image was cut here]' }
        : { type: 'text', text: cutText(item.text, cutHeadLength, cutTailLength) },
    ),
  };
  cuts.set(part, cut);
  return cut;
}
