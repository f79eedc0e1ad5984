import { describe, expect, test } from 'bun:test';
import { createLogger } from '@zeke/foundation';
import fc from 'fast-check';
import { estimateUsage } from '../estimate-usage.ts';
import { TokenCounter } from '../tokens/token-counter.ts';
import { tokenBoundOf, tokenBoundOfBytes } from './token-bound.ts';

const defaultOutput = 4_096;
const outputOf = (body: Record<string, unknown>) => tokenBoundOf(body, defaultOutput).output;

describe('the output', () => {
  test.each([
    [{}, 4_096],
    [{ max_tokens: 10 }, 10],
    [{ max_tokens: 10, max_completion_tokens: 20 }, 20],
    [{ max_output_tokens: 30 }, 30],
    [{ generationConfig: { maxOutputTokens: 40 } }, 40],
    [{ generation_config: { max_output_tokens: 40, candidate_count: 2 } }, 80],
    [{ generationConfig: { maxOutputTokens: '40' } }, 40],
    [{ options: { num_predict: 50 } }, 50],
    [{ options: { num_predict: -1 } }, 4_096],
    [{ inferenceConfig: { maxTokens: 60 } }, 60],
    [{ max_tokens: 10, n: 3 }, 30],
    [{ n: 2 }, 8_192],
    [{ max_tokens: 10, n: 1e9 }, 1_280],
    [{ max_tokens: 1e300 }, 10_000_000],
    [{ max_tokens: 'many' }, 4_096],
    [{ max_tokens: Number.NaN, options: null, generationConfig: 7 }, 4_096],
  ])('of %j is %d', (body, expected) => {
    expect(outputOf(body)).toBe(expected);
  });
});

describe('the input', () => {
  test('is at least what a tokenizer counts, of prose, code and Chinese', async () => {
    using counter = new TokenCounter({ log: createLogger({ level: 'silent' }) });
    for (const text of [
      'The quick brown fox jumps over the lazy dog, and then it sleeps. '.repeat(50),
      'for (const [index, item] of items.entries()) { total += item.price * index; }\n'.repeat(40),
      '敏捷的棕色狐狸跳过了懒狗，然后它就睡着了。'.repeat(40),
      '{"id": 1234567, "values": [12, 345, 6789], "name": "a_b-c"}'.repeat(40),
    ]) {
      const body = { model: 'm', messages: [{ role: 'user', content: text }] };
      const texts = { input: JSON.stringify(body), output: '', outputShare: 1 };
      const counted = (await estimateUsage(counter, texts)).input;
      const { input } = tokenBoundOf(body, defaultOutput);
      expect(input).toBeGreaterThan(counted);
      expect(input).toBeLessThan(counted * 4);
    }
  });

  test('counts pictures and documents by their size, and text in their place as text', () => {
    const base64 = 'iVBORw0KGgo'.repeat(10_000);
    const image = {
      type: 'image',
      source: { type: 'base64', media_type: 'image/png', data: base64 },
    };
    const bound = tokenBoundOf({ messages: [{ role: 'user', content: [image] }] }, 1);
    expect(bound).toMatchObject({ media: true });
    expect(bound.input).toBeWithin(4_000, 5_000);
    const url = { type: 'image_url', image_url: { url: 'https://example.test/a.png' } };
    expect(tokenBoundOf({ content: [url] }, 1).input).toBeWithin(2_000, 2_100);
    const plain = 'words and words '.repeat(1_000);
    const text = tokenBoundOf({ source: { type: 'text', data: plain } }, 1);
    expect(text).toMatchObject({ media: false });
    expect(text.input).toBeGreaterThan(8_000);
  });

  test('knows that writing to a cache may cost more', () => {
    expect(tokenBoundOf({ messages: [] }, 1).caches).toBe(false);
    const system = [{ type: 'text', text: 'a', cache_control: { type: 'ephemeral', ttl: '1h' } }];
    expect(tokenBoundOf({ system }, 1).caches).toBe(true);
  });

  test('of a form goes by its size', () => {
    expect(tokenBoundOfBytes(100_000, 7)).toEqual({
      input: 4_000,
      output: 7,
      caches: false,
      media: true,
    });
  });
});

test('any JSON has whole counts, and more of it is never less', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (body, more) => {
      const { input, output } = tokenBoundOf(body, defaultOutput);
      expect(Number.isSafeInteger(input) && input >= 0).toBe(true);
      expect(Number.isFinite(output) && output > 0).toBe(true);
      const longer = { ...body, 'something else': more };
      expect(tokenBoundOf(longer, defaultOutput).input).toBeGreaterThanOrEqual(input);
    }),
    { numRuns: 300 },
  );
});

test('depth without end is no trouble', () => {
  let deep: unknown = 'x';
  for (let depth = 0; depth < 100_000; depth++) deep = [deep];
  expect(tokenBoundOf({ deep }, 1).input).toBeLessThan(1_000);
});
