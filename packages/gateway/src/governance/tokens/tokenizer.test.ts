import { describe, expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { o200kFile, readVocabulary } from './read-vocabulary.ts';
import { TimeSlice } from './time-slice.ts';
import { type TextCount, Tokenizer } from './tokenizer.ts';

const tokenizer = new Tokenizer(await readVocabulary(o200kFile()));
const endless = new TimeSlice(Number.POSITIVE_INFINITY);
await endless.next();

function count(text: string, slice = endless): { tokens: number; turns: number } {
  const count: TextCount = { text, tokens: 0, at: 0, pieceEnd: 0 };
  let turns = 0;
  for (; count.at < text.length; turns++) tokenizer.advance(count, slice);
  return { tokens: count.tokens, turns };
}

/** Of `gpt-tokenizer`, which takes U+FEFF for a blank and U+0085 for none. */
function expected(text: string): number {
  return countTokens(text, { disallowedSpecial: new Set() });
}

const known = fc.constantFrom(
  ...['<|endoftext|>', '<|im_start|>', "don't", "I'LL", 'HTTPServer', 'ǅ', 'ʰ', '\u0301', '\0'],
  ...['한국어', '日本語', 'العربية', 'हिन्दी', 'ไทย', '😀', '👩‍👩‍👧', 'ß', 'ﬁ', 'İ', '\u180e'],
  ...['\t', '\r\n', '\n\n', ' ', '   ', '\u00a0', '\u3000', '\u200b', '\u2028', '\u000b'],
  ...['/', '//', '===', '{"a":1}', '12345', '٣٤٥', 'x', 'X', '\ufffd', '\x7f'],
);
const other = fc
  .string({ unit: 'binary', maxLength: 40 })
  .filter((text) => !/[\u0085\ufeff]/.test(text));
const runs = fc
  .array(fc.tuple(fc.oneof(known, other), fc.integer({ min: 1, max: 40 })), { maxLength: 4 })
  .map((parts) => parts.map(([text, times]) => text.repeat(times)).join(''));
const mixed = fc
  .array(fc.oneof(known, fc.string({ unit: 'grapheme' })), { maxLength: 40 })
  .map((parts) => parts.join(''));

describe('counts as gpt-tokenizer does', () => {
  test('documents and code', () => {
    const root = new URL('../../../../..', import.meta.url).pathname;
    const folders = ['docs/guide', 'docs/architecture', 'packages/gateway/src/http'];
    const files = folders.flatMap((folder) =>
      readdirSync(`${root}/${folder}`, { withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ name }) => `${root}/${folder}/${name}`),
    );
    expect(files.length).toBeGreaterThan(20);
    const texts = files.map((file) => readFileSync(file, 'utf8'));
    expect(texts.map((text) => count(text).tokens)).toEqual(texts.map(expected));
  });

  test('any text', () => {
    const same = (text: string) => expect(count(text).tokens).toBe(expected(text));
    fc.assert(fc.property(fc.oneof(mixed, other, runs), same), { numRuns: 2_000 });
  });

  test.each(['a', 'A', ' ', '.', '中', 'é', '😀', '\n', '\u0301', 'ab', 'Aa', '="', ' x'])(
    'a run of %j',
    (text) => {
      const run = text.repeat(1_000 / text.length);
      expect(count(run).tokens).toBe(expected(run));
    },
  );
});

test.each([
  // As tiktoken 0.14 counts them with `encode_ordinary`.
  ['\ufeffusing System;', 3],
  ['a\ufeffb', 3],
  ['\ufeff\ufeff', 1],
  ['a\u0085b', 4],
  ['\u0085\u0085', 4],
  ["it'\u017f", 3],
  ['<|endoftext|>', 7],
])('%j is %d tokens', (text, tokens) => {
  expect(count(text).tokens).toBe(tokens);
});

test('half a character is counted as U+FFFD', () => {
  for (const half of ['\ud83d', '\ude00', 'a\ud83d', '\ude00\ud83d', '\ud83d '.repeat(3)]) {
    expect(count(half).tokens).toBe(count(half.toWellFormed()).tokens);
  }
});

test('counting in turns changes nothing', () => {
  const text = 'Hello, world! 日本語 '.repeat(1_000);
  const { tokens, turns } = count(text, new TimeSlice(-1));
  expect(tokens).toBe(count(text).tokens);
  expect(turns).toBe(Math.ceil(text.length / 1_024));
});

test('a run without end is counted in parts, whole characters in each', () => {
  expect(count('a'.repeat(100_000)).tokens).toBe(12_500);
  // Each a token; cut in two, a character would be several.
  expect(count(` ${'😀'.repeat(50_000)}`).tokens).toBeWithin(50_000, 50_010);
  expect(count('a'.repeat(100_000), new TimeSlice(-1)).turns).toBe(25);
});
