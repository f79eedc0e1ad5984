import type { ModelMessage, ModelPart } from '../../model/model-client.ts';
import { isContextPart } from '../context-part.ts';
import { cutText } from './cut-text.ts';

export interface UsersWords {
  readonly parts: readonly ModelPart[];
  /** Messages of which the middle had to go. */
  readonly cutCount: number;
}

/**
 * All that the user said in these messages, word for word, each message a part; not what mentions stood
 * for, nor results of tools. Of words beyond `maxLength` UTF-16 units, the longest messages, as pasted
 * logs, lose their middle.
 */
export function usersWords(messages: readonly ModelMessage[], maxLength: number): UsersWords {
  const texts = messages
    .filter(({ role }) => role === 'user')
    .map(({ parts }) => parts.flatMap(wordsOf).join('\n\n'))
    .filter((text) => text !== '');
  const limit = longestKept(texts, maxLength);
  const kept = texts.map((text) => cutText(text, Math.floor(limit / 2), Math.floor(limit / 2)));
  return {
    parts: kept.map((text) => ({ type: 'text', text })),
    cutCount: kept.filter((text, index) => text !== texts[index]).length,
  };
}

function wordsOf(part: ModelPart): string[] {
  if (part.type === 'image') return ['[an image]'];
  return part.type === 'text' && !isContextPart(part) ? [part.text] : [];
}

/** The length to which the longest have to be cut so that all together keep within the limit. */
function longestKept(texts: readonly string[], maxLength: number): number {
  const ascending = texts.map(({ length }) => length).toSorted((a, b) => a - b);
  let left = maxLength;
  for (const [index, length] of ascending.entries()) {
    const share = left / (ascending.length - index);
    if (length > share) return share;
    left -= length;
  }
  return Number.MAX_SAFE_INTEGER;
}
