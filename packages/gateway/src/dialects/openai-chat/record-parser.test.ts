import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { RecordParser } from './record-parser.ts';

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('', '"', '\\', '\n', '?text?', '"content":"', '\u2028', 'a"},"x":"'),
);
const delta = fc.oneof(
  { weight: 5, arbitrary: text.map((content) => ({ content })) },
  fc.record({ role: fc.constant('assistant'), content: text }),
  fc.record({ reasoning: fc.record({ content: text }), content: text }),
  fc.record({ content: text, extra: text }),
  fc.constant({}),
  fc.constant({ content: null }),
);
const chunk = fc.record({
  id: fc.constant('chatcmpl-1'),
  choices: fc.oneof(
    { weight: 5, arbitrary: fc.tuple(delta).map(([only]) => [{ index: 0, delta: only }]) },
    fc.array(delta.map((each) => ({ index: 0, delta: each }))),
  ),
  usage: fc.constantFrom(null, { prompt_tokens: 1 }),
});

test('gives what JSON.parse gives, whatever the records are', () => {
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 30 }), (chunks) => {
      const parser = new RecordParser();
      for (const each of chunks) {
        const data = JSON.stringify(each);
        expect(parser.parse(data)).toEqual(JSON.parse(data));
      }
    }),
  );
});

test('a key that stands twice, and text elsewhere, are not taken for the delta’s', () => {
  const records = (word: string) => [
    `{"choices":[{"delta":{"content":"${word}","content":"second"}}]}`,
    `{"note":{"content":"${word}"},"choices":[{"delta":{"content":"x"}}]}`,
    `{"choices":[{"delta":{"content":"${word}"}}],"choices":[{"delta":{"content":"y"}}]}`,
  ];
  const parser = new RecordParser();
  for (const word of ['one', 'two', 'three']) {
    for (const data of records(word)) expect(parser.parse(data)).toEqual(JSON.parse(data));
  }
});

test('what is not JSON is refused, also where an earlier record fits around it', () => {
  const parser = new RecordParser();
  const around = (inner: string) => `{"choices":[{"delta":{"content":"${inner}"}}]}`;
  expect(parser.parse(around('hello'))).toEqual({ choices: [{ delta: { content: 'hello' } }] });
  for (const bad of [
    around('a\nb'),
    around('a\u0000b'),
    around('\\x'),
    `${around('a')}}`,
    '{"cho',
  ]) {
    expect(() => parser.parse(bad)).toThrow(SyntaxError);
  }
});
