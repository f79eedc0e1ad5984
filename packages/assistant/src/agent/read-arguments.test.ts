import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { readArguments } from './read-arguments.ts';

test.each<[string, unknown]>([
  ['{"path":"a"}', { path: 'a' }],
  ['', {}],
  [' \n', {}],
  ['```json\n{"path":"a"}\n```', { path: 'a' }],
  ['{"text":"one\ntwo\tthree"}', { text: 'one\ntwo\tthree' }],
  ['{"list":[1,2,],"path":"a",\n}', { list: [1, 2], path: 'a' }],
  ['"{\\"path\\":\\"a\\"}"', { path: 'a' }],
  ['{"text":"a \\"quoted\\",\n}"}', { text: 'a "quoted",\n}' }],
])('%j is read', (text, value) => {
  expect(readArguments(text)).toEqual({ ok: true, value: value as never });
});

test.each<[string, string]>([
  ['{"path":"a', 'ends too early: …{"path":"a'],
  ['{path: a}', 'begins with: {path: a}'],
  ['[1]', 'not a JSON object'],
  ['"text"', 'not a JSON object'],
  ['null', 'not a JSON object'],
  ['{"a":1}{"b":2}', 'not valid JSON'],
])('%j is refused, and why', (text, fault) => {
  const read = readArguments(text);
  expect(read.ok ? '' : read.fault).toContain(fault);
});

test('valid objects come back as they are, whatever is in them; nothing else throws', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const text = JSON.stringify(value);
      expect(readArguments(text)).toEqual({ ok: true, value: JSON.parse(text) });
      readArguments(text.slice(0, text.length / 2));
    }),
  );
  fc.assert(fc.property(fc.string(), (text) => void readArguments(text)));
});

test('line breaks in strings are put right, whatever stands in them', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', '\n', '\t', ',', '}', '\\', '"') }),
      (text) => {
        const raw = JSON.stringify({ text })
          .replaceAll('\\n', () => '\\n')
          .replace(/(?<!\\)(?:\\\\)*\\t/g, (m) => m);
        expect(readArguments(raw)).toEqual({ ok: true, value: { text } });
        const broken = `{"text":"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}",}`;
        expect(readArguments(broken)).toEqual({ ok: true, value: { text } });
      },
    ),
  );
});
