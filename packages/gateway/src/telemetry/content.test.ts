import { expect, test } from 'bun:test';
import type { ChatRequest } from '../neutral/chat-request.ts';
import {
  AnswerContent,
  inputMessages,
  maxContentChars,
  maxContentTextChars,
  outputMessages,
} from './content.ts';

const request = (messages: ChatRequest['messages']): ChatRequest => ({
  model: 'm',
  system: [],
  messages,
  stream: false,
  extensions: { dialect: 'openai-chat', fields: {} },
});

test('messages are told in the form of the conventions, without the bytes of pictures', () => {
  const told = inputMessages(
    request([
      { role: 'user', parts: [{ type: 'image', source: { kind: 'url', url: 'http://x/' } }] },
      {
        role: 'assistant',
        parts: [{ type: 'tool-call', id: 'call_1', name: 'look', arguments: '{"at":1}' }],
      },
      {
        role: 'user',
        parts: [
          { type: 'tool-result', callId: 'call_1', content: [{ type: 'text', text: 'rain' }] },
        ],
      },
    ]),
  );
  expect(JSON.parse(told)).toEqual([
    { role: 'user', parts: [{ type: 'image' }] },
    {
      role: 'assistant',
      parts: [{ type: 'tool_call', id: 'call_1', name: 'look', arguments: '{"at":1}' }],
    },
    { role: 'user', parts: [{ type: 'tool_call_response', id: 'call_1', response: 'rain' }] },
  ]);
});

test('of much the newest is told, and of each text so much', () => {
  const messages = Array.from({ length: 20 }, (_, index) => ({
    role: 'user' as const,
    parts: [{ type: 'text' as const, text: `${index} ${'x'.repeat(2 * maxContentTextChars)}` }],
  }));
  const told = inputMessages(request(messages));
  expect(told.length).toBeLessThanOrEqual(maxContentChars + 100);
  const texts = JSON.parse(told).map((each: { parts: { content: string }[] }) => each.parts[0]);
  expect(texts.at(-1).content).toStartWith('19 ');
  expect(texts[0].content.length).toBeLessThanOrEqual(maxContentTextChars + 1);
});

test('a stream is kept by choice and part, up to the limit', () => {
  const content = new AnswerContent();
  expect(content.isEmpty).toBe(true);
  content.hear({ type: 'part-start', choice: 0, part: 0, kind: 'reasoning' });
  content.hear({ type: 'reasoning-delta', choice: 0, part: 0, text: 'hm' });
  content.hear({
    type: 'part-start',
    choice: 0,
    part: 1,
    kind: 'tool-call',
    callId: 'c',
    name: 'f',
  });
  content.hear({ type: 'arguments-delta', choice: 0, part: 1, json: '{}' });
  content.hear({ type: 'part-start', choice: 1, part: 0, kind: 'text' });
  for (let times = 0; times < 1_000; times += 1) {
    content.hear({ type: 'text-delta', choice: 1, part: 0, text: 'y'.repeat(1_000) });
  }
  content.hear({ type: 'finish', choice: 0, reason: 'tool-calls' });
  expect(outputMessages(content.choices()).length).toBeLessThanOrEqual(maxContentChars + 1_000);
  expect(JSON.parse(outputMessages(content.choices()))).toEqual([
    {
      role: 'assistant',
      parts: [
        { type: 'reasoning', content: 'hm' },
        { type: 'tool_call', id: 'c', name: 'f', arguments: '{}' },
      ],
      finish_reason: 'tool-calls',
    },
    {
      role: 'assistant',
      parts: [{ type: 'text', content: expect.stringMatching(/^y+…$/) }],
      // It never came to its end.
      finish_reason: 'error',
    },
  ]);
});
