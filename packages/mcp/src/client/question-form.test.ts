import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { formContent, questionFields } from './question-form.ts';

const schema = {
  type: 'object',
  properties: {
    name: { type: 'string', title: 'Your\u001b[31m name', minLength: 2, maxLength: 4 },
    mail: { type: 'string', format: 'email' },
    site: { type: 'string', format: 'uri' },
    day: { type: 'string', format: 'date' },
    at: { type: 'string', format: 'date-time' },
    age: { type: 'integer', minimum: 1, maximum: 150 },
    share: { type: 'number', default: 0.5 },
    agree: { type: 'boolean', description: 'Do\nyou?' },
    size: { type: 'string', enum: ['s', 'l'], enumNames: ['small', 'large'] },
    color: { type: 'string', oneOf: [{ const: '#f00', title: 'Red' }] },
    extras: { type: 'array', items: { type: 'string', enum: ['a', 'b', 'c'] }, maxItems: 2 },
    more: { type: 'array', items: { anyOf: [{ const: 'x', title: 'X' }] } },
  },
  required: ['name', 'agree'],
};

test('a form is read, with titles that cannot move the cursor', () => {
  const fields = questionFields(schema);
  expect(fields.map(({ name, type }) => `${name}:${type}`).join(' ')).toBe(
    'name:text mail:text site:text day:text at:text age:integer share:number agree:boolean size:choice color:choice extras:choices more:choices',
  );
  expect(fields[0]).toMatchObject({ title: 'Your [31m name', isRequired: true, min: 2, max: 4 });
  expect(fields[7]).toMatchObject({ description: 'Do you?' });
  expect(fields[8]?.options).toEqual([
    { value: 's', title: 'small' },
    { value: 'l', title: 'large' },
  ]);
  expect(fields[6]?.default).toBe(0.5);
});

const good = {
  name: 'Adaé',
  mail: 'a@example.com',
  site: 'https://example.com',
  day: '2026-02-28',
  at: '2026-02-28T12:00:00+01:00',
  age: 36,
  share: 1.5,
  agree: false,
  size: 'l',
  color: '#f00',
  extras: ['a', 'c'],
  more: [],
};

test('what fits the form goes back, and what was left out stays out', () => {
  const fields = questionFields(schema);
  expect(formContent(fields, good)).toEqual(good);
  expect(formContent(fields, { name: 'Ada', agree: true, mail: null })).toEqual({
    name: 'Ada',
    agree: true,
  });
});

test.each([
  [{ name: 'A' }, 'name: at least 2 characters'],
  [{ name: 'Adelaide' }, 'name: at most 4 characters'],
  [{ name: null }, 'name: it is needed'],
  [{ name: 7 }, 'name: it is a text'],
  [{ mail: 'nobody' }, 'mail: it is no address of e-mail'],
  [{ site: 'example' }, 'site: it is no address'],
  [{ day: '2026-02-30' }, 'day: it is no date'],
  [{ at: 'noon' }, 'at: it is no time'],
  [{ age: 1.5 }, 'age: it is a whole number'],
  [{ age: 0 }, 'age: at least 1'],
  [{ share: '1' }, 'share: it is a number'],
  [{ share: Number.NaN }, 'share: it is a number'],
  [{ agree: 'yes' }, 'agree: it is true or false'],
  [{ size: 'm' }, 'size: it is none of the choices'],
  [{ extras: ['d'] }, 'extras: it is a list of the choices'],
  [{ extras: ['a', 'a'] }, 'extras: a choice stands there twice'],
  [{ extras: ['a', 'b', 'c'] }, 'extras: at most 2 choices'],
  [{ other: 1 }, 'other: it is not asked for'],
])('%j is refused: %s', (wrong, reason) => {
  expect(() => formContent(questionFields(schema), { ...good, ...wrong })).toThrow(reason);
});

test.each([
  { type: 'object', properties: { a: { type: 'object', properties: {} } } },
  { type: 'object', properties: { a: { type: 'string', enum: [] } } },
  { type: 'object', properties: { 'a\u0007': { type: 'string' } } },
  { type: 'object', properties: { '': { type: 'string' } } },
  {
    type: 'object',
    properties: Object.fromEntries(
      Array.from({ length: 51 }, (_, at) => [`f${at}`, { type: 'boolean' }]),
    ),
  },
  { type: 'array' },
])('what a form cannot have is not asked: %#', (asked) => {
  expect(() => questionFields(asked)).toThrow('the question cannot be asked');
});

test('whatever is asked and answered, only what was asked for goes back', () => {
  const kind = fc.oneof(
    fc.record({
      type: fc.constantFrom('string', 'number', 'integer', 'boolean', 'array', 'null'),
      enum: fc.option(fc.array(fc.string()), { nil: undefined }),
      minimum: fc.option(fc.double(), { nil: undefined }),
      minLength: fc.option(fc.integer(), { nil: undefined }),
      default: fc.option(fc.anything(), { nil: undefined }),
    }),
    fc.anything(),
  );
  const asked = fc.record({
    type: fc.constant('object'),
    properties: fc.dictionary(fc.string(), kind),
    required: fc.option(fc.array(fc.string()), { nil: undefined }),
  });
  fc.assert(
    fc.property(asked, fc.anything(), (form, answer) => {
      let names: string[] = [];
      try {
        const fields = questionFields(form);
        names = fields.map(({ name }) => name);
        const content = formContent(fields, answer);
        expect(Object.keys(content).every((name) => names.includes(name))).toBe(true);
      } catch (error) {
        expect(error).toMatchObject({ code: 'invalid_argument' });
      }
    }),
    { numRuns: 300 },
  );
});
