import { describe, expect, test } from 'bun:test';
import { SourceText } from './source-text.ts';
import { tokenize } from './tokenizer.ts';

function tokensOf(text: string): string[] {
  return tokenize(new SourceText('a.proto', text, 10)).map(({ kind, text }) => `${kind} ${text}`);
}

function problemsOf(text: string): string[] {
  const source = new SourceText('a.proto', text, 10);
  tokenize(source);
  return source.problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
}

describe('tokenize', () => {
  test('names, numbers, strings and signs', () => {
    expect(tokensOf('foo _b9 0 017 0xFf 12 1.5 .5 1. 1e-9 "a\\"b" \'c\' ;{}<>=,.:-+/')).toEqual([
      'identifier foo',
      'identifier _b9',
      'integer 0',
      'integer 017',
      'integer 0xFf',
      'integer 12',
      'float 1.5',
      'float .5',
      'float 1.',
      'float 1e-9',
      'string "a\\"b"',
      "string 'c'",
      ...[';', '{', '}', '<', '>', '=', ',', '.', ':', '-', '+', '/'].map(
        (sign) => `symbol ${sign}`,
      ),
      'end ',
    ]);
  });

  test('comments and a byte order mark are no tokens', () => {
    expect(tokensOf('\uFEFFa // b\n/* c\n * d */ e')).toEqual([
      'identifier a',
      'identifier e',
      'end ',
    ]);
  });

  test('columns count bytes of UTF-8, and a tab up to the next multiple of 8', () => {
    const tokens = tokenize(new SourceText('a.proto', '/*é€😀*/ a\tb\n\t c', 10));
    const places = tokens.map(({ line, column, endColumn }) => [line, column, endColumn]);
    expect(places).toEqual([
      [0, 14, 15],
      [0, 16, 17],
      [1, 9, 10],
      [1, 10, 10],
    ]);
  });

  test('what is no token is reported where it stands', () => {
    expect(problemsOf('a\n  # b')[0]).toStartWith('2:3 unexpected character "#" (U+0023)');
    expect(problemsOf('\u0001')[0]).toStartWith('1:1 unexpected character U+0001');
    expect(problemsOf('08 1e 0x 5m 1.2.3')).toHaveLength(5);
    expect(problemsOf('a "b\nc')).toEqual([
      '1:3 this string has no end; close it with " on the same line',
    ]);
    expect(problemsOf('a /* b')).toEqual(['1:3 this comment has no end; close it with "*/"']);
    expect(problemsOf('/* a /* b */')[0]).toStartWith('1:6 "/*" within a block comment');
  });

  test('ends at the limit of problems', () => {
    expect(problemsOf('#'.repeat(1_000))).toHaveLength(10);
  });
});
