import { describe, expect, test } from 'bun:test';
import { SourceText } from './source-text.ts';
import { stringBytes, stringValue } from './string-literal.ts';
import { tokenize } from './tokenizer.ts';

function read(text: string): { value: string; bytes: number[]; problems: string[] } {
  const source = new SourceText('a.proto', text, 10);
  const tokens = tokenize(source).filter(({ kind }) => kind === 'string');
  const value = stringValue(tokens, source);
  const problems = source.problems.map(({ column, message }) => `${column} ${message}`);
  return { value, bytes: [...stringBytes(tokens, source)], problems };
}

describe('stringValue', () => {
  test('joins adjacent literals and resolves escapes', () => {
    expect(read(`"a" 'b"' "\\a\\b\\f\\n\\r\\t\\v\\\\\\'\\"\\?"`).value).toBe(
      'ab"\x07\b\f\n\r\t\v\\\'"?',
    );
    expect(read('"\\x41\\X42\\103\\7\\u00e9\\U0001F600é"').value).toBe('ABC\x07é😀é');
  });

  test('a digit that cannot belong to an escape does not', () => {
    expect(read('"\\1234\\x123"').bytes).toEqual([0o123, 0x34, 0x12, 0x33]);
  });

  test('bytes need not be UTF-8, text must', () => {
    expect(read('"\\xc3\\xa9"').value).toBe('é');
    const { bytes, problems } = read('"\\xff\\377"');
    expect(bytes).toEqual([255, 255]);
    expect(problems).toEqual([
      '1 the escapes of this string do not make valid UTF-8; correct them',
    ]);
  });

  test('reports what is no escape at its backslash', () => {
    expect(read('"ab\\q"').problems[0]).toStartWith('4 "\\q" is no escape');
    expect(read('"\\400"').problems[0]).toStartWith('2 "\\4" is no escape');
    expect(read('"\\u12"').problems[0]).toStartWith('2 "\\u" is no escape');
    expect(read('"\\U00110000"').problems[0]).toStartWith('2 "\\U" is no escape');
    expect(read('"\\x"').problems[0]).toStartWith('2 "\\x" is no escape');
  });
});
