import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { type JsonFault, parseJsonObject } from './parse-json-object.ts';

const parse = (text: string) => parseJsonObject(Buffer.from(text));

test('an object is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5 })), (value) => {
      const text = JSON.stringify(value);
      expect(JSON.stringify(parse(text))).toBe(JSON.stringify(JSON.parse(text)));
    }),
  );
});

test.each<[string, JsonFault]>([
  ['', 'is no JSON'],
  ['{"a":1', 'is no JSON'],
  ['\ufeff{}', 'is no JSON'],
  ['{"a":"\n"}', 'is no JSON'],
  ['{"a":"', 'is no JSON'],
  ['{"a":"\\', 'is no JSON'],
  ['null', 'is no JSON object'],
  ['"{}"', 'is no JSON object'],
  ['[{}]', 'is no JSON object'],
  ['{"a":1,"a":1}', 'has a member twice'],
  ['{"a":1,"\\u0061":2}', 'has a member twice'],
  ['{"a":{"b":1,"b":2}}', 'has a member twice'],
  ['{"a":[{"__proto__":1,"__proto__":2}]}', 'has a member twice'],
  [`{"a":${'['.repeat(16)}${']'.repeat(16)}}`, 'is nested too deep'],
  ['['.repeat(1_000_000), 'is nested too deep'],
])('%.40s: %s', (text, fault) => {
  expect(parse(text)).toBe(fault);
});

test('sixteen levels are read; brackets, colons and quotes in strings are text', () => {
  const deep = `{"a":${'['.repeat(15)}${']'.repeat(15)}}`;
  expect(typeof parse(deep)).toBe('object');
  const text = '{"a:\\"{[":"\\\\","b":"\\\\\\":,\\""}';
  expect(parse(text)).toEqual(JSON.parse(text));
});

test('a member of any object written twice is noticed', () => {
  const objects = fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue({ maxDepth: 3 }), {
    minKeys: 1,
  });
  fc.assert(
    fc.property(objects, fc.nat(), (value, pick) => {
      const names = Object.keys(value);
      const again = JSON.stringify(names[pick % names.length]);
      const text = `${JSON.stringify(value).slice(0, -1)},${again}:null}`;
      expect(parse(text)).toBe('has a member twice');
      expect(parse(`{"in":[${text}]}`)).toBe('has a member twice');
    }),
  );
});

test('bytes that are no UTF-8 are refused, and no bytes are fatal', () => {
  expect(parseJsonObject(Buffer.from('7b2261223a22ff227d', 'hex'))).toBe('is no UTF-8');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const result = parseJsonObject(bytes);
      if (typeof result === 'object') {
        expect(JSON.stringify(result)).toBe(
          JSON.stringify(JSON.parse(Buffer.from(bytes).toString())),
        );
      } else expect(result).toMatch(/^(is|has) /);
    }),
  );
});
