import { expect, test } from 'bun:test';
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/client/validators/ajv';
import fc from 'fast-check';
import { schemaCheck } from './check-schema.ts';
import { plainSchema } from './plain-schema.ts';

test('what is simple stays, references are written out', () => {
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties: { a: { $ref: '#/$defs/name' }, b: { type: 'array', items: { enum: [1, 2] } } },
    required: ['a'],
    additionalProperties: false,
    $defs: { name: { type: 'string', minLength: 2, title: 'x' } },
  };
  const check = schemaCheck(schema);
  expect(check({ a: 'ab', b: [1] })).toBeUndefined();
  for (const wrong of [{ a: 'a' }, {}, { a: 'ab', c: 1 }, { a: 'ab', b: [3] }, 'a']) {
    expect(check(wrong)).toBeString();
  }
});

test.each([
  [{ pattern: '^(a+)+$' }],
  [{ format: 'email' }],
  [{ patternProperties: { '(a+)+': false }, additionalProperties: false }],
  [{ not: { pattern: 'x' } }],
  [{ oneOf: [{ pattern: 'x' }, {}] }],
  [conditional({ type: 'string' }, false)],
  [{ $ref: 'https://example.com/schema' }],
  [{ $ref: '#/nowhere' }],
  [{ type: 'no type' }],
])('what could cost much, or is not known, refuses nothing (%#)', (schema) => {
  const check = schemaCheck(schema);
  expect(check(`${'a'.repeat(100)}!`)).toBeUndefined();
});

test('references in circles are followed once', () => {
  const list = {
    type: 'object',
    properties: { value: { type: 'number' }, next: { $ref: '#' } },
  };
  const check = schemaCheck(list);
  expect(check({ value: 1, next: { value: 2 } })).toBeUndefined();
  expect(check({ value: 'x' })).toBeString();
});

/** Schemas of all that is known, with what is not among them. */
const { schema } = fc.letrec<{ schema: Record<string, unknown> }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(
      {},
      { type: 'string' },
      { type: 'number', minimum: 2 },
      { const: 1 },
      { enum: ['a', null] },
      { pattern: 'a' },
      { required: ['a'] },
      { $ref: '#/$defs/one' },
      { uniqueItems: true },
    ),
    fc.record({ anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }) }),
    fc.record({ allOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }) }),
    fc.record({ oneOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }) }),
    fc.record({ not: tie('schema') }),
    fc.record({ items: tie('schema'), contains: tie('schema') }, { requiredKeys: ['items'] }),
    fc.record({
      properties: fc.record({ a: tie('schema'), b: tie('schema') }),
      additionalProperties: fc.oneof(fc.boolean(), tie('schema')),
    }),
    fc.tuple(tie('schema'), tie('schema')).map(([when, then]) => conditional(when, then)),
  ),
}));

test('what the whole schema takes, the plain one takes', () => {
  const validator = new AjvJsonSchemaValidator();
  const taken = (given: Record<string, unknown>, data: unknown) => {
    try {
      return validator.getValidator(given)(data).valid;
    } catch {
      // A reference to itself, which nothing ends.
      return undefined;
    }
  };
  const value = fc.constantFrom<unknown>(
    'a',
    1,
    2,
    null,
    ['a'],
    { a: 1 },
    { b: 'a' },
    [1, 1],
    [{}],
  );
  fc.assert(
    fc.property(schema, schema, value, (given, one, data) => {
      const whole = { ...given, $defs: { one } };
      if (taken(whole, data) === true) expect(taken(plainSchema(whole), data)).toBe(true);
    }),
    { numRuns: 200 },
  );
});

/** Spelt so that nothing takes it for a promise. */
function conditional(when: unknown, outcome: unknown): Record<string, unknown> {
  return Object.fromEntries([
    ['if', when],
    ['then', outcome],
  ]);
}
