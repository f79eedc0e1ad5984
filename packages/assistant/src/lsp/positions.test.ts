import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { linesOf, placeOfName, toOffset, toPlace, toPosition } from './positions.ts';

const encodings = ['utf-8', 'utf-16', 'utf-32'] as const;
const lines = ['const é = "𝒽i";', '', '  x'];

test('columns of people are characters, whatever a server counts', () => {
  const place = { line: 1, column: 13 };
  expect(encodings.map((encoding) => toPosition(lines, place, encoding).character)).toEqual([
    16, 13, 12,
  ]);
  expect(toPlace(lines, { line: 0, character: 13 }, 'utf-16')).toEqual(place);
  expect(toPlace(lines, { line: 0, character: 12 }, 'utf-16')).toEqual({ line: 1, column: 12 });
});

test('there and back, for every place of any text', () => {
  const text = fc.string({ unit: 'binary' });
  fc.assert(
    fc.property(
      text,
      fc.nat(20),
      fc.nat(40),
      fc.constantFrom(...encodings),
      (any, line, column, encoding) => {
        const all = linesOf(any);
        const place = { line: (line % all.length) + 1, column: 1 };
        place.column = (column % ([...(all[place.line - 1] ?? '')].length + 1)) + 1;
        const position = toPosition(all, place, encoding);
        expect(toPlace(all, position, encoding)).toEqual(place);
        const before = any.slice(0, toOffset(any, position, encoding));
        expect(linesOf(before)).toHaveLength(place.line);
        expect([...(linesOf(before).at(-1) ?? '')]).toHaveLength(place.column - 1);
      },
    ),
  );
});

test('past the end of a line or of the text is its end', () => {
  const text = 'ab\r\ncd';
  expect(toOffset(text, { line: 0, character: 99 }, 'utf-16')).toBe(2);
  expect(toOffset(text, { line: 1, character: 1 }, 'utf-16')).toBe(5);
  expect(toOffset(text, { line: 9, character: 0 }, 'utf-16')).toBe(6);
});

test('a name is found as a word, nearest to its line', () => {
  const text = ['name', 'rename', 'x.name()', 'größe name', '$name', 'name'];
  expect(placeOfName(text, 'name', 3)).toEqual({ line: 3, column: 3 });
  expect(placeOfName(text, 'name', 2)).toEqual({ line: 1, column: 1 });
  expect(placeOfName(text, '$name', 1)).toEqual({ line: 5, column: 1 });
  expect(placeOfName(text, 'größe', 1)).toEqual({ line: 4, column: 1 });
  expect(placeOfName(text, 'nam', 1)).toBeUndefined();
});
