import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { RpcError } from '../../rpc-error.ts';
import { type JsonPiece, JsonSplitter } from './json-splitter.ts';

function split(pieces: readonly string[], maxLength?: number): JsonPiece[] {
  const splitter = new JsonSplitter('input', maxLength);
  return [...pieces.flatMap((piece) => [...splitter.push(piece)]), ...splitter.end()];
}

function texts(pieces: readonly string[]): string[] {
  return split(pieces).map(({ text }) => text);
}

/** A text cut at these places. */
function cut(text: string, places: readonly number[]): string[] {
  const ends = [...places.map((place) => place % (text.length + 1)), text.length];
  ends.sort((left, right) => left - right);
  return ends.map((end, i) => text.slice(ends[i - 1] ?? 0, end));
}

describe('values', () => {
  test.each<[string, string[]]>([
    ['', []],
    [' \n\t', []],
    ['{}', ['{}']],
    ['{}{}', ['{}', '{}']],
    ['{"a":"}"}[1]', ['{"a":"}"}', '[1]']],
    ['"\\"" "\\\\"', ['"\\""', '"\\\\"']],
    ['1 -2\ntrue{}', ['1', '-2', 'true', '{}']],
    ['null', ['null']],
  ])('%s', (text, expected) => {
    expect(texts([text])).toEqual(expected);
    expect(texts([...text])).toEqual(expected);
  });

  test('come as soon as they end', () => {
    const splitter = new JsonSplitter('input');
    expect([...splitter.push('{"a":')]).toEqual([]);
    expect([...splitter.push('1}')]).toEqual([{ text: '{"a":1}', line: 1, column: 1 }]);
  });

  test('say where they begin', () => {
    expect(split(['{}\n  {}\n\n"é" 1']).map(({ line, column }) => [line, column])).toEqual([
      [1, 1],
      [2, 3],
      [4, 1],
      [4, 5],
    ]);
  });

  test('are the same however the text is cut', () => {
    const space = fc.constantFrom(' ', '\n', '\r\n', '\t', '  \n');
    const values = fc.array(fc.tuple(fc.jsonValue(), space), { maxLength: 8 });
    const places = fc.array(fc.nat(), { maxLength: 12 });
    fc.assert(
      fc.property(values, places, (pairs, cuts) => {
        const text = pairs.map(([value, blank]) => JSON.stringify(value) + blank).join('');
        const found = texts(cut(text, cuts)).map((piece) => JSON.parse(piece));
        expect(found).toEqual(pairs.map(([value]) => JSON.parse(JSON.stringify(value))));
      }),
      { numRuns: 300 },
    );
  });
});

describe('what is no JSON', () => {
  test.each([
    ['}', 'input:1:1: a JSON value was expected, not "}"'],
    ['{}, {}', 'input:1:3: a JSON value was expected, not ","'],
    ['{}\n😀', 'input:2:1: a JSON value was expected, not "😀"'],
    ['{"a":1', 'the value that begins at 1:1 has no end'],
    ['{} "a', 'the value that begins at 1:4 has no end'],
  ])('%s', (text, message) => {
    expect(() => split([text])).toThrow(message);
  });

  test('a value has a longest length', () => {
    expect(() => split(['{"a":1}{"a": ', '"long"}'], 10)).toThrow(
      'the value that begins at 1:8 is longer than 10 characters',
    );
  });

  test('any text gives pieces or an RpcError', () => {
    const text = fc.string({ unit: fc.constantFrom(...'{}[]",: \\\n1-atné\u0000'), maxLength: 60 });
    fc.assert(
      fc.property(text, fc.array(fc.nat(), { maxLength: 6 }), (whole, cuts) => {
        try {
          expect(texts(cut(whole, cuts)).join('').length).toBeLessThanOrEqual(whole.length);
        } catch (error) {
          expect(error).toBeInstanceOf(RpcError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
