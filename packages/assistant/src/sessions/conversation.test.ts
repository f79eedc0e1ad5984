import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { checkConversation } from '../testing/check-conversation.ts';
import { openCalls, toMessages } from './conversation.ts';
import { foldEntries } from './fold-entries.ts';
import type { EntryData, SessionEntry } from './session-entry.ts';

const tools = [{ name: 'look', description: 'Looks.', parameters: { type: 'object' } }];

function entriesOf(list: readonly EntryData[]): SessionEntry[] {
  return list.map((data, index) => ({ seq: index + 1, atMs: 0, data }));
}

function said(text: string, origin: 'user' | 'zeke' = 'user'): EntryData {
  return { kind: 'user', origin, text, parts: [{ type: 'text', text }] };
}

function answered(text: string, ...calls: string[]): EntryData {
  return {
    kind: 'answer',
    step: 1,
    finish: 'stop',
    isPartial: false,
    usage: {},
    parts: [
      { type: 'text', text },
      ...calls.map((id) => ({ type: 'tool-call' as const, id, name: 'look', arguments: '{}' })),
    ],
  };
}

function gave(callId: string, text = 'seen'): EntryData {
  return {
    kind: 'result',
    callId,
    isError: false,
    text,
    images: [],
    summary: '',
    changes: [],
    durationMs: 0,
    isRepair: false,
  };
}

test('results stand at the head of the next message, in the order of the calls', () => {
  const entries = entriesOf([
    said('look'),
    answered('I look.', 'a', 'b'),
    gave('b', 'second'),
    said('and hurry'),
    gave('a', ''),
  ]);
  expect(openCalls(entries)).toEqual([]);
  expect(toMessages(entries)).toEqual([
    { role: 'user', parts: [{ type: 'text', text: 'look' }] },
    {
      role: 'assistant',
      parts: [
        { type: 'text', text: 'I look.' },
        { type: 'tool-call', id: 'a', name: 'look', arguments: '{}' },
        { type: 'tool-call', id: 'b', name: 'look', arguments: '{}' },
      ],
    },
    {
      role: 'user',
      parts: [
        {
          type: 'tool-result',
          callId: 'a',
          isError: false,
          content: [{ type: 'text', text: '(no output)' }],
        },
        {
          type: 'tool-result',
          callId: 'b',
          isError: false,
          content: [{ type: 'text', text: 'second' }],
        },
        { type: 'text', text: 'and hurry' },
      ],
    },
  ]);
});

test('a thought that nothing follows is left out, and with it an answer that has no more', () => {
  const thought = { type: 'reasoning' as const, text: 'hm', signature: 's' };
  const entries = entriesOf([
    said('a'),
    { ...answered(' '), parts: [thought] } as EntryData,
    said('b', 'zeke'),
  ]);
  expect(toMessages(entries)).toEqual([
    {
      role: 'user',
      parts: [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ],
    },
  ]);
});

test('what was reverted does not count, and a revert of a revert goes further back', () => {
  const entries = entriesOf([
    said('one'),
    answered('1'),
    said('two'),
    answered('2'),
    { kind: 'revert', toSeq: 2 },
    said('three'),
  ]);
  const texts = (list: readonly SessionEntry[]) => foldEntries(list).active.map(({ seq }) => seq);
  expect(texts(entries)).toEqual([1, 2, 6]);
  expect(texts([...entries, { seq: 7, atMs: 0, data: { kind: 'revert', toSeq: 1 } }])).toEqual([1]);
});

test('whatever was recorded or lost, the conversation is one that every provider takes', () => {
  const anyEntry = fc.oneof(
    fc.constantFrom('', ' ', 'words').map((text) => said(text)),
    fc
      .tuple(fc.constantFrom('', '\n', 'answer'), fc.array(fc.constant('call'), { maxLength: 3 }))
      .map(([text, calls]) => ({ text, calls })),
    fc.nat({ max: 12 }).map((call) => gave(`call_${call}`)),
  );
  fc.assert(
    fc.property(fc.array(anyEntry, { maxLength: 25 }), (drafts) => {
      let calls = 0;
      const list = drafts.map((draft) => {
        if ('kind' in draft) return draft;
        return answered(draft.text, ...draft.calls.map(() => `call_${calls++}`));
      });
      const messages = toMessages(entriesOf([...list, said('the end')]));
      expect(checkConversation({ model: 'm', system: '', messages, tools })).toBeUndefined();
    }),
    { numRuns: 500 },
  );
});
