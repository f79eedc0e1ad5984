import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { estimateTokens } from '../tokens/estimate-tokens.ts';
import { pickChunks } from './pick-chunks.ts';
import { rankTexts } from './rank-texts.ts';
import { splitChunks } from './split-chunks.ts';
import { wordsOf } from './words-of.ts';

test('words are names and their parts, and their endings do not count', () => {
  expect(wordsOf('readHTTPFile')).toEqual(['readhttpfile', 'read', 'http', 'fil']);
  expect(wordsOf('parsing parsed parses parse')).toEqual(['pars', 'pars', 'pars', 'pars']);
  expect(wordsOf('how is it to be')).toEqual([]);
});

test('the text with the rarest words of the question is first', () => {
  const texts = [
    'the lock is taken',
    'the file is read',
    'the file, the file and the lock',
    'nothing',
  ];
  const scores = rankTexts(texts, 'lock the file');
  expect(scores.indexOf(Math.max(...scores))).toBe(2);
  expect(scores[3]).toBe(0);
  expect(rankTexts([], 'x')).toEqual([]);
});

describe('chunks', () => {
  test('together are the file, in whole lines', () => {
    const line = fc.constantFrom('', 'a', 'function x() {', '// note', '}');
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 300 }),
        fc.array(fc.integer({ min: 1, max: 300 })),
        (lines, starts) => {
          const text = lines.join('\n');
          const chunks = splitChunks(
            text,
            starts.map((firstLine) => ({ firstLine })),
          );
          expect(chunks.map((chunk) => chunk.text).join('\n')).toBe(text.replace(/\n$/, ''));
          let next = 1;
          for (const { firstLine, lastLine } of chunks) {
            expect(firstLine).toBe(next);
            expect(lastLine).toBeGreaterThanOrEqual(firstLine);
            expect(lastLine - firstLine).toBeLessThan(60);
            next = lastLine + 1;
          }
        },
      ),
    );
  });

  test('begin where definitions do, with their comment', () => {
    const body = Array.from({ length: 40 }, () => '  work();');
    const text = ['function a() {', ...body, '}', '/** b */', 'function b() {', ...body, '}'].join(
      '\n',
    );
    const chunks = splitChunks(text, [{ firstLine: 1 }, { firstLine: 44 }]);
    expect(chunks.map(({ firstLine }) => firstLine)).toEqual([1, 43]);
  });
});

test('of a long file as much is picked as fits, in its order', () => {
  const text = Array.from({ length: 2_000 }, (_, at) => `line${at} of text`).join('\n');
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5_000 }), fc.nat(1_999), (maxTokens, line) => {
      const picked = pickChunks(text, {
        definitions: [],
        question: `line${line}`,
        maxTokens,
        countTokens: estimateTokens,
      });
      expect(picked.isWhole).toBe(false);
      expect(estimateTokens(picked.text)).toBeLessThanOrEqual(maxTokens + 20);
      if (maxTokens > 1_000) expect(picked.text).toContain(`line${line} of`);
      const lines = [...picked.text.matchAll(/line(\d+)/g)].map(([, number]) => Number(number));
      expect(lines).toEqual(lines.toSorted((a, b) => a - b));
    }),
    { numRuns: 20 },
  );
});
