import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { canonicalJson } from './canonical-json.ts';

const withoutProperties = fc
  .jsonValue({ maxDepth: 4 })
  .filter((value) => !JSON.stringify(value).includes('"properties"'));

/** The same with the members of every object in another order. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, member]) => [name, turned(member)]),
  );
}

test('is JSON of the same value, whatever the order of members', () => {
  fc.assert(
    fc.property(withoutProperties, (given) => {
      const text = canonicalJson(given) ?? '';
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(given)));
      expect(canonicalJson(turned(JSON.parse(JSON.stringify(given))))).toBe(text);
    }),
  );
});

test('tells values apart as JSON does', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      const [one, other] = [a, b].map((each) => JSON.parse(JSON.stringify(each)));
      expect(canonicalJson(one) === canonicalJson(other)).toBe(Bun.deepEquals(one, other));
    }),
  );
});

test('the order of properties in a schema counts', () => {
  const schema = (...names: string[]) => ({
    type: 'object',
    properties: Object.fromEntries(names.map((name) => [name, { type: 'string', title: name }])),
  });
  expect(canonicalJson(schema('a', 'b'))).not.toBe(canonicalJson(schema('b', 'a')));
  expect(canonicalJson({ properties: { a: { x: 1, y: 2 } } })).toBe(
    canonicalJson({ properties: { a: { y: 2, x: 1 } } }),
  );
});

test('what is absent is left out; what is too deep has no form', () => {
  expect(canonicalJson({ b: undefined, a: [undefined, 1] })).toBe('{"a":[null,1]}');
  const nested = (depth: number) => JSON.parse('['.repeat(depth) + ']'.repeat(depth));
  expect(canonicalJson(nested(200))).toHaveLength(400);
  expect(canonicalJson(nested(201))).toBeUndefined();
  expect(canonicalJson(nested(5_000))).toBeUndefined();
});
