import type {
  ModelMessage,
  ModelPart,
  ToolCallPart,
  ToolResultPart,
} from '../model/model-client.ts';
import type { EntryOf, SessionEntry } from './session-entry.ts';

/** Said to a model in place of a result that is not there, as after damage to the session. */
const lostResult =
  'The result of this call was lost. What it did is not known: look before you go on.';
/** Stands before an answer where nobody spoke. */
const goOn = 'Go on.';

/**
 * The messages that a session's active entries stand for. Whatever the entries are, the outcome is a
 * conversation that every provider takes: roles alternate, each call has its one result at the head of
 * the next message, in the order of the calls, no part is blank, no answer ends in a thought. It ends
 * with the model's words where nothing came after them.
 */
export function toMessages(active: readonly SessionEntry[]): readonly ModelMessage[] {
  const messages: ModelMessage[] = [];
  const turn = new UserTurn();
  for (const { data } of active) {
    if (data.kind === 'user') turn.say(data.parts);
    else if (data.kind === 'result') turn.result(data);
    else if (data.kind === 'undo') turn.say([{ type: 'text', text: toldUndo(data) }]);
    else if (data.kind === 'answer') {
      const parts = speakable(data.parts);
      if (parts.length === 0) continue;
      messages.push(turn.end(), { role: 'assistant', parts });
      turn.begin(parts);
    }
  }
  if (!turn.isEmpty) messages.push(turn.end());
  return messages;
}

/** The ids of calls that an answer made and that have no result. */
export function openCalls(active: readonly SessionEntry[]): readonly ToolCallPart[] {
  const answered = new Set<string>();
  for (const { data } of active) if (data.kind === 'result') answered.add(data.callId);
  return active.flatMap(({ data }) =>
    data.kind === 'answer'
      ? data.parts.filter((part) => part.type === 'tool-call').filter(({ id }) => !answered.has(id))
      : [],
  );
}

/** A user's message as it comes together between two answers. */
class UserTurn {
  #calls: readonly ToolCallPart[] = [];
  #results = new Map<string, ToolResultPart>();
  #parts: ModelPart[] = [];

  get isEmpty(): boolean {
    return this.#calls.length === 0 && this.#parts.length === 0;
  }

  begin(answer: readonly ModelPart[]): void {
    this.#calls = answer.filter((part) => part.type === 'tool-call');
    this.#results = new Map();
    this.#parts = [];
  }

  say(parts: readonly ModelPart[]): void {
    this.#parts.push(...parts.filter((part) => part.type !== 'text' || part.text.trim() !== ''));
  }

  /** Of a call that is not open it is left out. */
  result(entry: EntryOf<'result'>): void {
    if (this.#results.has(entry.callId)) return;
    this.#results.set(entry.callId, resultPart(entry));
  }

  end(): ModelMessage {
    const results = this.#calls.map(({ id }) => this.#results.get(id) ?? lost(id));
    const parts = [...results, ...this.#parts];
    if (parts.length === 0) parts.push({ type: 'text', text: goOn });
    return { role: 'user', parts };
  }
}

function resultPart(entry: EntryOf<'result'>): ToolResultPart {
  const { callId, isError, text, images } = entry;
  const content: ToolResultPart['content'][number][] = images.map((image) => ({
    type: 'image',
    ...image,
  }));
  if (text.trim() !== '') content.unshift({ type: 'text', text });
  if (content.length === 0) content.push({ type: 'text', text: '(no output)' });
  return { type: 'tool-result', callId, isError, content };
}

function lost(callId: string): ToolResultPart {
  return {
    type: 'tool-result',
    callId,
    isError: true,
    content: [{ type: 'text', text: lostResult }],
  };
}

/** Without blank texts, empty thoughts, and thoughts that nothing follows. */
function speakable(answer: EntryOf<'answer'>['parts']): readonly ModelPart[] {
  const parts: ModelPart[] = answer.filter((part) => {
    if (part.type === 'text') return part.text.trim() !== '';
    if (part.type !== 'reasoning') return true;
    return part.text !== '' || part.signature !== undefined || part.redacted !== undefined;
  });
  while (parts.at(-1)?.type === 'reasoning') parts.pop();
  return parts;
}

function toldUndo({ direction, paths, kept }: EntryOf<'undo'>): string {
  const what = direction === 'undo' ? 'took back' : 'made again';
  const left = kept.length === 0 ? '' : ` These stayed as they are: ${kept.join(', ')}.`;
  return `[The user ${what} the changes of a step in: ${paths.join(', ') || 'no file'}.${left}]`;
}
