import { RpcError } from '@zeke/rpc';
import type { EntryData } from '../sessions/session-entry.ts';

/** How many messages one request may have, and of how many characters together. */
const maxMessages = 2_000;
const maxLength = 8_000_000;

export interface ChatMessage {
  readonly role: 'user' | 'assistant' | 'system';
  readonly content: string;
}

/** A conversation: what was said before, what the caller tells the model to be, and the words to answer. */
export interface SplitMessages {
  readonly before: readonly ChatMessage[];
  readonly system: string;
  readonly last: ChatMessage;
}

/** Throws `invalid_argument` for messages that end in something else than words of the user. */
export function splitMessages(messages: readonly ChatMessage[]): SplitMessages {
  const length = messages.reduce((sum, { content }) => sum + content.length, 0);
  if (messages.length > maxMessages) throw invalid(`there are more than ${maxMessages}`);
  if (length > maxLength) throw invalid(`they have more than ${maxLength} characters`);
  const said = messages.filter(({ role }) => role !== 'system');
  const last = said.at(-1);
  if (last?.role !== 'user') throw invalid("the last one is not the user's");
  if (last.content.trim() === '') throw invalid('the last one is empty');
  const system = messages.filter(({ role }) => role === 'system').map(({ content }) => content);
  return { before: said.slice(0, -1), system: system.join('\n\n'), last };
}

/** What was said elsewhere, as entries of a session. */
export function entriesOf(messages: readonly ChatMessage[]): EntryData[] {
  return messages.map(({ role, content }) =>
    role === 'user'
      ? { kind: 'user', origin: 'user', text: content, parts: [{ type: 'text', text: content }] }
      : {
          kind: 'answer',
          step: 0,
          parts: [{ type: 'text', text: content }],
          finish: 'stop',
          isPartial: false,
          usage: {},
        },
  );
}

function invalid(fault: string): RpcError {
  return new RpcError(
    'invalid_argument',
    `messages: ${fault}; send the conversation up to the words to be answered`,
  );
}
