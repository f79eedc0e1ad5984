import { expect, test } from 'bun:test';
import { parseJson } from './parse-json.ts';

const place = { line: 3, column: 5 };

test('integers that a number cannot hold keep their digits', () => {
  const text = '{"a":12345678901234567890,"b":[-9007199254740993],"c":1e400,"d":1.5,"e":7}';
  expect(parseJson({ text, ...place }, 'input')).toEqual({
    a: '12345678901234567890',
    b: ['-9007199254740993'],
    c: Number.POSITIVE_INFINITY,
    d: 1.5,
    e: 7,
  });
});

test('a fault is told with its place', () => {
  expect(() => parseJson({ text: '{"a" 1}', ...place }, 'input')).toThrow(
    'input:3:5: the value that begins here is no JSON: ',
  );
});
