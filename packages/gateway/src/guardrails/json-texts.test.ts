import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { editTexts, pathText } from './json-texts.ts';

function seen(json: string): [string, string][] {
  const all: [string, string][] = [];
  editTexts(json, (text, path) => {
    all.push([pathText(path), text]);
    return undefined;
  });
  return all;
}

test('all texts of a request, with their places', () => {
  const body = {
    model: 'm',
    messages: [
      { role: 'user', content: 'a\n"b"' },
      { role: 'assistant', tool_calls: [{ id: 'x', function: { name: 'f', arguments: '{}' } }] },
      { role: 'user', content: [{ type: 'text', text: 'c' }] },
    ],
    input: { id: 'free', card: 4_111_111_111_111_111, small: 12 },
  };
  expect(seen(JSON.stringify(body))).toEqual([
    ['messages[0].content', 'a\n"b"'],
    ['messages[1].tool_calls[0].function.name', 'f'],
    ['messages[1].tool_calls[0].function.arguments', '{}'],
    ['messages[2].content[0].text', 'c'],
    ['input.id', 'id'],
    ['input.id', 'free'],
    ['input.card', 'card'],
    ['input.card', '4111111111111111'],
    ['input.small', 'small'],
  ]);
});

test('what is not edited stays as it was written, byte for byte', () => {
  const json = ' { "a" : [ 1.0e2, "x\\u0041", {"b":"old\\n"} , null ] ,"a": "old" } ';
  expect(editTexts(json, () => undefined)).toBe(json);
  expect(editTexts(json, (text) => (text.startsWith('old') ? 'n"w' : undefined))).toBe(
    ' { "a" : [ 1.0e2, "x\\u0041", {"b":"n\\"w"} , null ] ,"a": "n\\"w" } ',
  );
});

test('the same texts as of the document that was read', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const json = JSON.stringify({ args: { value } });
      const marked = JSON.parse(editTexts(json, (text) => `<${text}>`));
      expect(marked).toEqual({ args: mark({ value: JSON.parse(JSON.stringify(value)) }) });
    }),
    { numRuns: 500 },
  );
});

/** In what a tool takes, names are texts, too. */
function mark(value: unknown): unknown {
  if (typeof value === 'string') return `<${value}>`;
  if (typeof value === 'number' && /^-?\d{11,}$/.test(JSON.stringify(value))) {
    return JSON.stringify(value).length >= 12 ? `<${JSON.stringify(value)}>` : value;
  }
  if (Array.isArray(value)) return value.map(mark);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [`<${key}>`, mark(each)]));
}

test('no text breaks it, also one that is no JSON', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('{', '}', '[', ']', '"', '\\', ',', ':', '1', 'a') }),
      (text) => {
        try {
          editTexts(text, () => undefined);
        } catch (reason) {
          expect(reason).toBeInstanceOf(SyntaxError);
        }
      },
    ),
  );
});
