import { describe, expect, test } from 'bun:test';
import type { ChatEvent } from '../neutral/chat-event.ts';
import { Usefulness } from './usefulness.ts';

const at = { choice: 0, part: 0 };
const text = (said: string): ChatEvent => ({ type: 'text-delta', ...at, text: said });
const reached = (minTokens: number, ...events: ChatEvent[]): boolean => {
  const heard = new Usefulness(minTokens);
  for (const event of events) heard.hear(event);
  return heard.reached;
};

describe('an answer is of use', () => {
  test.each<[string, ChatEvent[]]>([
    ['with enough words', [text('a b '), text('c d e')]],
    ['with enough characters', [text('internationalization')]],
    ['with a fence and its end of line', [text('```'), text('ts\n')]],
    ['with a fence that is indented', [text(' ```\n')]],
    [
      'with a tool call',
      [{ type: 'part-start', ...at, kind: 'tool-call', callId: 'c', name: 'f' }],
    ],
    ['at its end', [text('Yes'), { type: 'finish', choice: 0, reason: 'stop' }]],
  ])('%s', (_, events) => {
    expect(reached(5, ...events)).toBe(true);
  });

  test.each<[string, ChatEvent[]]>([
    ['with white space', [text(' \n\t '.repeat(50))]],
    ['with too few words', [text('a b c d')]],
    ['with a fence whose line goes on', [text('```ts')]],
    ['with thoughts', [{ type: 'reasoning-delta', ...at, text: 'a b c d e f g h' }]],
    ['with a ping', [{ type: 'ping' }]],
    ['at an end without a word', [{ type: 'finish', choice: 0, reason: 'length' }]],
    ['at an end of white space', [text(' \n'), { type: 'finish', choice: 0, reason: 'stop' }]],
  ])('but not %s', (_, events) => {
    expect(reached(5, ...events)).toBe(false);
  });
});
