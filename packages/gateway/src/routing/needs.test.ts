import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { ProviderModel } from '../providers/provider.ts';
import { lackOf, needsOf } from './needs.ts';

const needs = (body: Record<string, unknown>) => needsOf(JSON.stringify(body), body);
const messages = [{ role: 'user', content: 'hello' }];
const tool = { type: 'function', function: { name: 'look' } };

describe('what a request needs', () => {
  test.each([
    ['a text', { messages }, []],
    ['tools', { messages, tools: [tool] }, ['tools']],
    ['tools that may not be called', { messages, tools: [tool], tool_choice: 'none' }, []],
    ['no tools', { messages, tools: [] }, []],
    ['thoughts, OpenAI', { messages, reasoning_effort: 'high' }, ['thinking']],
    ['no thoughts, OpenAI', { messages, reasoning_effort: 'none' }, []],
    ['thoughts, Responses', { input: 'x', reasoning: { effort: 'low' } }, ['thinking']],
    ['thoughts, Anthropic', { messages, thinking: { type: 'enabled' } }, ['thinking']],
    ['no thoughts, Anthropic', { messages, thinking: { type: 'disabled' } }, []],
    ['thoughts, Ollama', { messages, think: true }, ['thinking']],
    ['thoughts, Gemini', { generationConfig: { thinkingConfig: {} } }, ['thinking']],
    ['no thoughts, Gemini', { generationConfig: { thinkingConfig: { thinkingBudget: 0 } } }, []],
    ['a schema, OpenAI', { response_format: { type: 'json_schema' } }, ['structured']],
    ['JSON of any form', { response_format: { type: 'json_object' } }, []],
    ['a schema, Responses', { text: { format: { type: 'json_schema' } } }, ['structured']],
    ['a schema, Anthropic', { output_config: { format: { type: 'json_schema' } } }, ['structured']],
    ['a schema, Gemini', { generationConfig: { responseSchema: {} } }, ['structured']],
    ['a schema, Ollama', { format: { type: 'object' } }, ['structured']],
    ['JSON of any form, Ollama', { format: 'json' }, []],
    [
      'a picture, OpenAI',
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }] },
      ['vision'],
    ],
    ['a picture, Responses', { input: [{ type: 'input_image', image_url: 'x' }] }, ['vision']],
    [
      'a picture, Anthropic',
      { messages: [{ content: [{ type: 'image', source: {} }] }] },
      ['vision'],
    ],
    ['a picture, Gemini', { contents: [{ parts: [{ inlineData: {} }] }] }, ['vision']],
    ['a picture, Ollama', { messages: [{ content: 'x', images: ['x'] }] }, ['vision']],
  ])('%s', (_, body, abilities) => {
    expect(needs(body).abilities).toEqual(abilities as never);
  });

  test('a text about pictures is no picture', () => {
    const content = 'Write {"type": "image_url", "images": ["image"]} in JSON';
    expect(needs({ messages: [{ role: 'user', content }] }).abilities).toEqual([]);
  });

  test('white space between members changes nothing', () => {
    const body = { messages: [{ content: [{ type: 'image' }] }] };
    expect(needsOf(JSON.stringify(body, null, 4), body).abilities).toEqual(['vision']);
  });

  test('its size, and the answer that it allows', () => {
    expect(needs({ messages, max_tokens: 100 }).outputTokens).toBe(100);
    expect(needs({ generationConfig: { maxOutputTokens: 7 } }).outputTokens).toBe(7);
    const long = { messages: [{ role: 'user', content: 'x'.repeat(40_000) }] };
    expect(needs(long).inputTokens).toBeWithin(10_000, 10_100);
  });

  test('any JSON object has needs', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (body) => {
        const { inputTokens, outputTokens } = needs(body);
        expect(inputTokens).toBeGreaterThan(0);
        expect(outputTokens).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe('what a model lacks', () => {
  const model = (facts: Partial<ProviderModel>): ProviderModel => ({ id: 'm', ...facts });
  const asks = { inputTokens: 900, outputTokens: 200, abilities: ['tools', 'vision'] } as const;

  test.each([
    ['nothing is told', {}, undefined],
    ['nothing is told of what it can', { abilities: [] }, undefined],
    ['it can all', { abilities: ['tools', 'vision'] }, undefined],
    ['it sees nothing', { abilities: ['tools'] }, 'vision'],
    ['it can neither', { abilities: ['thinking'] }, 'tools, vision'],
    ['its context is large enough', { contextTokens: 1_100 }, undefined],
    [
      'its context is too small',
      { contextTokens: 1_099 },
      'a context of about 1100 tokens: it has 1099',
    ],
  ] as const)('%s', (_, facts, lack) => {
    expect(lackOf(model(facts as Partial<ProviderModel>), asks)).toBe(lack as never);
  });
});
