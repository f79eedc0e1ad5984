import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { blankCode } from './blank-code.ts';

test.each([
  ['plain `code` here', 'plain        here'],
  ['``a ` b`` c', '          c'],
  ['an `open one', 'an `open one'],
  ['`a` `b', '    `b'],
  ['```ts\n@a\n```\nx', '     \n  \n   \nx'],
  ['~~~\n```\n~~~\nx', '   \n   \n   \nx'],
  ['```\nnever closed', '   \n            '],
  ['````\n```\n````\nx', '    \n   \n    \nx'],
])('%j', (text, blanked) => {
  expect(blankCode(text)).toBe(blanked);
});

test('any text keeps its length and its lines, and has nothing new', () => {
  const letters = fc.constantFrom('`', '``', '```', '~~~', '\n', ' ', 'a', '@');
  fc.assert(
    fc.property(
      fc.array(letters).map((list) => list.join('')),
      (text) => {
        const blanked = blankCode(text);
        expect(blanked).toHaveLength(text.length);
        for (const [at, character] of [...blanked].entries()) {
          expect([' ', text[at]]).toContain(character);
        }
      },
    ),
  );
});
