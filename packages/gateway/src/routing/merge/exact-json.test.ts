import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { jsonText, parseObject } from './exact-json.ts';

const written = (text: string) => {
  const value = parseObject(text);
  return value && jsonText(value, 'as written');
};

test.each([
  '{"id":12345678901234567890,"tiny":1e-400,"huge":-1e999,"pi":3.14159265358979323846}',
  '{"__proto__":{"a":1},"constructor":null}',
  '{"b":1,"a":[{"d":1,"c":"é \\n"}]}',
])('%s comes out as it went in', (text) => {
  expect(written(text)).toBe(text);
});

test('numbers that say the same are the same, and long ones are not rounded to it', () => {
  const sorted = (text: string) => jsonText(parseObject(text) ?? null, 'sorted');
  expect(sorted('{"a":1.0,"b":2}')).toBe(sorted('{ "b": 2e0, "a": 1 }'));
  expect(sorted('{"a":9007199254740993}')).not.toBe(sorted('{"a":9007199254740992}'));
});

test.each([
  '',
  'null',
  '[1]',
  '"{}"',
  '12345678901234567890',
  '{"a":1} and more',
  `{"a":${'['.repeat(100)}${']'.repeat(100)}}`,
  '{"a":'.repeat(100_000),
  `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`,
  `{"a":"${'x'.repeat(1_000_000)}"}`,
])('what is no object of a fair size is none', (text) => {
  expect(parseObject(text)).toBeUndefined();
});

test('any object comes out as it went in, its numbers as they are written', () => {
  const property = fc.property(
    fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })),
    (value) => {
      const text = JSON.stringify(value);
      expect(written(text)).toBe(JSON.stringify(JSON.parse(text)));
    },
  );
  fc.assert(property, { numRuns: 200 });
});

test('what is no JSON is no object, whatever it is', () => {
  const broken = fc.tuple(fc.json(), fc.nat(), fc.string()).map(([text, at, more]) => {
    const place = at % (text.length + 1);
    return text.slice(0, place) + more + text.slice(place);
  });
  const property = fc.property(broken, (text) => {
    let isJson = true;
    try {
      JSON.parse(text);
    } catch {
      isJson = false;
    }
    if (!isJson) expect(parseObject(text)).toBeUndefined();
  });
  fc.assert(property, { numRuns: 200 });
});
