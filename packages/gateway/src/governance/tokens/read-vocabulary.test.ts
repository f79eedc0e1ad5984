import { afterAll, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { o200kFile, readVocabulary } from './read-vocabulary.ts';

const folder = mkdtempSync(join(tmpdir(), 'zeke-vocabulary-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(text: string): URL {
  const path = join(folder, 'made.tiktoken');
  writeFileSync(path, text);
  return pathToFileURL(path);
}

test('the vocabulary is the one that tiktoken expects', async () => {
  const hash = new Bun.CryptoHasher('sha256').update(await Bun.file(o200kFile()).bytes());
  // `expected_hash` of o200k_base in tiktoken_ext/openai_public.py.
  expect(hash.digest('hex')).toBe(
    '446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d',
  );
});

test('every token has its rank, and a longer or shorter one has another or none', async () => {
  const vocabulary = await readVocabulary(o200kFile());
  const lines = (await Bun.file(o200kFile()).text()).trimEnd().split('\n');
  expect(vocabulary.size).toBe(lines.length);
  const wrong = lines.filter((line, rank) => {
    const token = Buffer.from(line.slice(0, line.indexOf(' ')), 'base64');
    const padded = Buffer.concat([token, Buffer.of(0xff)]);
    return (
      vocabulary.rankOf(token, 0, token.length) !== rank ||
      vocabulary.rankOf(padded, 0, token.length) !== rank ||
      vocabulary.rankOf(padded, 0, padded.length) !== -1 ||
      vocabulary.rankOf(token, 0, token.length - 1) === rank
    );
  });
  expect(wrong).toEqual([]);
});

test('bytes in the middle of others are found', async () => {
  const vocabulary = await readVocabulary(fileOf('YQ== 0\nYmM= 1\nYWJj 2\n'));
  const bytes = Buffer.from('-abc-');
  expect(vocabulary.rankOf(bytes, 1, 2)).toBe(0);
  expect(vocabulary.rankOf(bytes, 2, 4)).toBe(1);
  expect(vocabulary.rankOf(bytes, 1, 4)).toBe(2);
  expect(vocabulary.rankOf(bytes, 1, 3)).toBe(-1);
  expect(vocabulary.rankOf(bytes, 0, 5)).toBe(-1);
});

test.each([
  ['an empty file', '', 'line 1 '],
  ['a page of HTML', '<!doctype html>\n', 'line 1 '],
  ['a line without a rank', 'YQ== 0\nYg==\n', 'line 2 '],
  ['a rank too high', 'YQ== 0\nYg== 2\n', 'line 2 '],
  ['a rank that is no number', 'YQ== 0\nYg== x\n', 'line 2 '],
  ['an end in the middle of a line', 'YQ== 0\nYg== 1', 'line 2 '],
  ['an end in the middle of a token', 'YQ== 0\nYg', 'line 2 '],
])('%s is refused', async (_, text, where) => {
  await expect(readVocabulary(fileOf(text))).rejects.toThrow(where);
});

test('a file that is not there is refused', async () => {
  await expect(readVocabulary(pathToFileURL(join(folder, 'none')))).rejects.toThrow('ENOENT');
});
