import { expect, test } from 'bun:test';
import { estimateTokens } from './estimate-tokens.ts';
import { TokenCounter } from './token-counter.ts';

const text = 'The quick brown fox jumps over the lazy dog. '.repeat(100);
const request = {
  model: 'a',
  system: 'You help.',
  messages: [{ role: 'user', parts: [{ type: 'text', text }] }],
} as const;

test('what a provider reports makes its model exact, and no other', () => {
  const counter = new TokenCounter();
  const estimate = counter.countRequest(request);
  counter.note(request, { inputTokens: Math.round(estimate * 1.5) });
  expect(counter.countRequest(request)).toBeCloseTo(estimate * 1.5, -1);
  expect(counter.count(text, 'a')).toBeCloseTo(estimateTokens(text) * 1.5, -1);
  expect(counter.count(text, 'b')).toBe(estimateTokens(text));
});

test('later answers move the measure, and none alone decides', () => {
  const counter = new TokenCounter();
  const estimate = counter.countRequest(request);
  counter.note(request, { inputTokens: estimate });
  counter.note(request, { inputTokens: estimate * 2 });
  expect(counter.factor('a')).toBeGreaterThan(1.2);
  expect(counter.factor('a')).toBeLessThan(1.5);
});

test.each([
  ['nothing is reported', {}],
  ['a provider counts only what it did not have', { inputTokens: 3 }],
  ['a count is absurd', { inputTokens: 1e9 }],
])('where %s, the estimate stands', (_, usage) => {
  const counter = new TokenCounter();
  counter.note(request, usage);
  expect(counter.factor('a')).toBe(1);
});

test('a small request teaches nothing', () => {
  const counter = new TokenCounter();
  counter.note({ ...request, messages: [] }, { inputTokens: 8 });
  expect(counter.factor('a')).toBe(1);
});

test('all parts and tools count', () => {
  const counter = new TokenCounter();
  const parts = [
    { type: 'image', mediaType: 'image/png', base64: '' },
    { type: 'reasoning', text: 'so', redacted: 'x'.repeat(400) },
    { type: 'tool-call', id: '1', name: 'read_file', arguments: '{"path":"a"}' },
    { type: 'tool-result', callId: '1', isError: false, content: [{ type: 'text', text }] },
  ] as const;
  for (const part of parts) expect(counter.countParts([part], 'a')).toBeGreaterThan(5);
  const sum = parts.reduce((tokens, part) => tokens + counter.countParts([part], 'a'), 0);
  expect(counter.countParts(parts, 'a')).toBe(sum);
  const tools = [{ name: 'read_file', description: text, parameters: { type: 'object' } }];
  expect(counter.countRequest({ ...request, tools })).toBeGreaterThan(
    counter.countRequest(request) + 500,
  );
});
