import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { findMentions, maxMentions, maxTextLength } from './find-mentions.ts';

function found(text: string): unknown[] {
  return findMentions(text).map(({ raw: _, ...mention }) => mention);
}

describe('is a mention', () => {
  test.each([
    ['@src/a.ts', { kind: 'file', path: 'src/a.ts' }],
    ['see @a.ts.', { kind: 'file', path: 'a.ts' }],
    ['(@a.ts:10-20)', { kind: 'file', path: 'a.ts', lines: { first: 10, last: 20 } }],
    ['@file:Makefile:7', { kind: 'file', path: 'Makefile', lines: { first: 7, last: 7 } }],
    ['@"my file.md":3', { kind: 'file', path: 'my file.md', lines: { first: 3, last: 3 } }],
    ['@file:"my file.md"', { kind: 'file', path: 'my file.md' }],
    ['@src/', { kind: 'dir', path: 'src/' }],
    ['@dir:src', { kind: 'dir', path: 'src' }],
    ['@symbol:readFile', { kind: 'symbol', name: 'readFile' }],
    ['@readFile please', { kind: 'name', name: 'readFile' }],
    ['@diag', { kind: 'diag' }],
    ['@diag:src/a.ts', { kind: 'diag', path: 'src/a.ts' }],
    ['@git:diff!', { kind: 'git', what: 'diff' }],
    ['@git:status', { kind: 'git', what: 'status' }],
    ['@url:https://example.com/a?b=1', { kind: 'url', url: 'https://example.com/a?b=1' }],
    ['@https://example.com/a.', { kind: 'url', url: 'https://example.com/a' }],
    ['@buffer', { kind: 'buffer' }],
    ['why @selection?', { kind: 'selection' }],
    ['@a.ts:20-10', { kind: 'file', path: 'a.ts' }],
    ['@a.ts:0', { kind: 'file', path: 'a.ts' }],
  ])('%j', (text, mention) => {
    expect(found(text)).toEqual([mention]);
  });
});

describe('is none', () => {
  test.each([
    ['an address', 'write to me@example.com or a.b@c.de'],
    ['a decorator', '@Component() class A'],
    ['code', 'use `@a.ts` and\n```ts\n@Injectable\n@b.ts\n```\n'],
    ['a scoped package in a word', 'npm i x/@scope'],
    ['a lonely sign', '@ @@ @: @/'],
    ['an unknown git word', '@git:push'],
    ['a url of another kind', '@url:file:///etc/passwd @url:javascript:alert(1)'],
    ['an empty prefix', '@file: @dir: @symbol: @url:'],
  ])('%s', (_, text) => {
    expect(found(text).filter((mention) => (mention as { kind: string }).kind !== 'dir')).toEqual(
      [],
    );
  });
});

test('each is found once, and not without end', () => {
  expect(found('@a.ts and @a.ts')).toHaveLength(1);
  const many = Array.from({ length: 100 }, (_, at) => `@f${at}.ts`).join(' ');
  expect(found(many)).toHaveLength(maxMentions);
});

test('any text is read: what is found stands in it', () => {
  const letters = fc.constantFrom(
    '@',
    ':',
    '-',
    '"',
    '`',
    '\n',
    ' ',
    '/',
    '.',
    'a',
    '1',
    'file',
    'git',
    'https://',
    '(',
    'é',
  );
  fc.assert(
    fc.property(
      fc.array(letters).map((list) => list.join('')),
      (text) => {
        for (const mention of findMentions(text)) {
          expect(text).toContain(mention.raw);
          expect(mention.raw.startsWith('@')).toBe(true);
          if ('lines' in mention && mention.lines !== undefined) {
            expect(mention.lines.first).toBeGreaterThan(0);
            expect(mention.lines.last).toBeGreaterThanOrEqual(mention.lines.first);
          }
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('mentions far down in what was pasted are not looked for', () => {
  expect(found(`${'x '.repeat(maxTextLength / 2)}@a.ts`)).toEqual([]);
});
