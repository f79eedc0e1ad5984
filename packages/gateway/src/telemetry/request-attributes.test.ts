import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { JsonObject } from '../dialects/dialect.ts';
import { dialects } from '../dialects/index.ts';
import { requestAttributes } from './request-attributes.ts';

test.each([
  ['openai-chat', { max_completion_tokens: 9, temperature: 1, n: 2, stop: 'a' }],
  ['openai-responses', { max_output_tokens: 9, temperature: 1 }],
  ['anthropic-messages', { max_tokens: 9, temperature: 1, stop_sequences: ['a'] }],
  ['gemini', { generationConfig: { maxOutputTokens: 9, temperature: 1, stopSequences: ['a'] } }],
  ['ollama', { options: { num_predict: 9, temperature: 1, stop: ['a'] } }],
] as const)('what a request in %s asks is told by the names of the conventions', (name, body) => {
  const told = Object.fromEntries(requestAttributes(dialects[name].fieldNames, body as never));
  expect(told).toMatchObject({
    'gen_ai.request.max_tokens': 9,
    'gen_ai.request.temperature': 1,
    ...(name === 'openai-responses' ? {} : { 'gen_ai.request.stop_sequences': ['a'] }),
  });
});

test('whatever stands in a body, only numbers and short texts are told', () => {
  const names = ['temperature', 'max_tokens', 'stop', 'options', 'generationConfig', 'seed', 'n'];
  const body = fc.dictionary(fc.constantFrom(...names), fc.jsonValue({ maxDepth: 3 }));
  fc.assert(
    fc.property(body, fc.constantFrom(...Object.values(dialects)), (given, { fieldNames }) => {
      for (const [, value] of requestAttributes(fieldNames, given as JsonObject)) {
        const texts = Array.isArray(value) ? value : [];
        expect(typeof value === 'number' || texts.length > 0).toBe(true);
        for (const text of texts) expect(text.length).toBeLessThanOrEqual(200);
      }
    }),
  );
});
