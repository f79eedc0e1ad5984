import { RpcError } from '@zeke/rpc';
import { z } from 'zod';
import { words } from './hub-error.ts';

/** Fields of one form, options of one choice, and characters of a name and of a text that is given back. */
const maxFields = 50;
const maxOptions = 200;
const maxNameChars = 100;
const maxTextChars = 20_000;

/** One field of a form that a server asks a person to fill in. Titles and descriptions are its own words. */
export interface QuestionField {
  readonly name: string;
  readonly type: 'text' | 'number' | 'integer' | 'boolean' | 'choice' | 'choices';
  readonly title: string;
  readonly description: string;
  readonly isRequired: boolean;
  /** Of a choice; empty for the other types. */
  readonly options: readonly { readonly value: string; readonly title: string }[];
  readonly format?: 'email' | 'uri' | 'date' | 'date-time';
  /** Of a number its value, of a text its characters, of choices their count. */
  readonly min?: number;
  readonly max?: number;
  readonly default?: FieldValue;
}

export type FieldValue = string | number | boolean | readonly string[];
export type FormContent = Readonly<Record<string, string | number | boolean | string[]>>;

/**
 * The fields of a form as the protocol restricts them (2025-11-25, elicitation): a flat object of texts,
 * numbers, booleans and choices. Throws `invalid_argument` for a schema that is anything else, or too large.
 * Patterns are left out: they are for the server to check, since they could take for ever.
 */
export function questionFields(schema: Readonly<Record<string, unknown>>): QuestionField[] {
  const parsed = formSchema.safeParse(schema);
  if (!parsed.success) throw refused('it asks for what a form cannot have');
  const { properties, required } = parsed.data;
  const entries = Object.entries(properties);
  if (entries.length > maxFields) throw refused(`it asks for more than ${maxFields} things`);
  return entries.map(([name, property]) => {
    if (!/^[^\p{Cc}\p{Cf}]+$/u.test(name) || name.length > maxNameChars) {
      throw refused('a field of it has a name that cannot be shown');
    }
    return fieldOf(name, property, required.includes(name));
  });
}

/**
 * What a person gave, as far as it is what the fields ask for: nothing else goes back to a server. Fields
 * without an answer are left out. Throws `invalid_argument` that names the field at fault.
 */
export function formContent(fields: readonly QuestionField[], content: unknown): FormContent {
  const given = z.record(z.string(), z.unknown()).safeParse(content ?? {});
  if (!given.success) throw new RpcError('invalid_argument', 'an answer is an object of fields');
  const unknown = Object.keys(given.data).find(
    (name) => !fields.some((field) => field.name === name),
  );
  if (unknown !== undefined) {
    throw new RpcError('invalid_argument', `${words(unknown)}: it is not asked for`);
  }
  const answered = fields.flatMap((field) => {
    const value = Object.hasOwn(given.data, field.name) ? given.data[field.name] : undefined;
    if (value === undefined || value === null) {
      if (field.isRequired) throw wrong(field, 'it is needed');
      return [];
    }
    return [[field.name, checkedValue(field, value)] as const];
  });
  return Object.fromEntries(answered);
}

const option = z.object({ const: z.string(), title: z.string() });
const shared = { title: z.string().optional(), description: z.string().optional() };
const limit = z.number().optional();
const count = z.int().min(0).optional();
const property = z.union([
  z.object({
    ...shared,
    type: z.literal('array'),
    items: z.union([
      z.object({ anyOf: z.array(option).min(1).max(maxOptions) }),
      z.object({ enum: z.array(z.string()).min(1).max(maxOptions) }),
    ]),
    minItems: count,
    maxItems: count,
    default: z.array(z.string()).optional(),
  }),
  z.object({
    ...shared,
    type: z.literal('string'),
    enum: z.array(z.string()).min(1).max(maxOptions).optional(),
    enumNames: z.array(z.string()).optional(),
    oneOf: z.array(option).min(1).max(maxOptions).optional(),
    format: z.enum(['email', 'uri', 'date', 'date-time']).optional().catch(undefined),
    minLength: count,
    maxLength: count,
    default: z.string().optional(),
  }),
  z.object({
    ...shared,
    type: z.enum(['number', 'integer']),
    minimum: limit,
    maximum: limit,
    default: limit,
  }),
  z.object({ ...shared, type: z.literal('boolean'), default: z.boolean().optional() }),
]);

const formSchema = z.object({
  type: z.literal('object'),
  properties: z.record(z.string(), property),
  required: z.array(z.string()).default([]),
});

type Property = z.output<typeof property>;

function fieldOf(name: string, asked: Property, isRequired: boolean): QuestionField {
  const { description = '', title = '' } = asked;
  const about = { name, title: words(title), description: words(description), isRequired };
  const preset = asked.default === undefined ? {} : { default: asked.default };
  switch (asked.type) {
    case 'boolean':
      return { ...about, type: 'boolean', options: [], ...preset };
    case 'number':
    case 'integer':
      return {
        ...about,
        type: asked.type,
        options: [],
        ...preset,
        ...bounds(asked.minimum, asked.maximum),
      };
    case 'array': {
      const { items, maxItems, minItems } = asked;
      const options =
        'anyOf' in items ? items.anyOf.map(titled) : items.enum.map((value) => plain(value, value));
      return { ...about, type: 'choices', options, ...preset, ...bounds(minItems, maxItems) };
    }
    case 'string':
      return { ...about, ...preset, ...textOrChoice(asked) };
  }
}

function textOrChoice(
  asked: Extract<Property, { type: 'string' }>,
): Pick<QuestionField, 'type' | 'options' | 'format' | 'min' | 'max'> {
  const { enum: values, enumNames = [], format, maxLength, minLength, oneOf } = asked;
  if (oneOf !== undefined) return { type: 'choice', options: oneOf.map(titled) };
  if (values !== undefined) {
    const options = values.map((value, at) => plain(value, enumNames[at] ?? value));
    return { type: 'choice', options };
  }
  return {
    type: 'text',
    options: [],
    ...(format === undefined ? {} : { format }),
    ...bounds(minLength, maxLength),
  };
}

function titled({ const: value, title }: z.output<typeof option>) {
  return plain(value, title);
}

function plain(value: string, title: string) {
  return { value, title: words(title) };
}

function bounds(min: number | undefined, max: number | undefined) {
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}

function checkedValue(field: QuestionField, value: unknown): string | number | boolean | string[] {
  switch (field.type) {
    case 'boolean':
      if (typeof value === 'boolean') return value;
      throw wrong(field, 'it is true or false');
    case 'number':
    case 'integer':
      return checkedNumber(field, value);
    case 'text':
      return checkedText(field, value);
    case 'choice':
      if (isOption(field, value)) return value;
      throw wrong(field, 'it is none of the choices');
    case 'choices': {
      if (!Array.isArray(value) || !value.every((each) => isOption(field, each))) {
        throw wrong(field, 'it is a list of the choices');
      }
      if (new Set(value).size < value.length) throw wrong(field, 'a choice stands there twice');
      return within(field, value, value.length, 'choices');
    }
  }
}

function checkedNumber(field: QuestionField, value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw wrong(field, 'it is a number');
  if (field.type === 'integer' && !Number.isInteger(value)) {
    throw wrong(field, 'it is a whole number');
  }
  return within(field, value, value, '');
}

function checkedText(field: QuestionField, value: unknown): string {
  if (typeof value !== 'string') throw wrong(field, 'it is a text');
  if (value.length > maxTextChars) throw wrong(field, `at most ${maxTextChars} characters`);
  if (field.format !== undefined && !isOfFormat[field.format](value)) {
    throw wrong(field, `it is no ${formatNames[field.format]}`);
  }
  return within(field, value, [...value].length, 'characters');
}

const isOfFormat: Readonly<
  Record<NonNullable<QuestionField['format']>, (text: string) => boolean>
> = {
  email: (text) => z.email().safeParse(text).success,
  uri: (text) => URL.canParse(text),
  date: (text) => z.iso.date().safeParse(text).success,
  'date-time': (text) => z.iso.datetime({ offset: true }).safeParse(text).success,
};

const formatNames = {
  email: 'address of e-mail',
  uri: 'address, such as https://example.com',
  date: 'date, such as 2026-01-31',
  'date-time': 'time, such as 2026-01-31T12:00:00Z',
} as const;

function isOption({ options }: QuestionField, value: unknown): value is string {
  return options.some((option) => option.value === value);
}

function within<Value>(field: QuestionField, value: Value, size: number, unit: string): Value {
  const { max, min } = field;
  const of = unit === '' ? '' : ` ${unit}`;
  if (min !== undefined && size < min) throw wrong(field, `at least ${min}${of}`);
  if (max !== undefined && size > max) throw wrong(field, `at most ${max}${of}`);
  return value;
}

function wrong({ name }: QuestionField, reason: string): RpcError {
  return new RpcError('invalid_argument', `${name}: ${reason}`);
}

function refused(reason: string): RpcError {
  return new RpcError('invalid_argument', `the question cannot be asked: ${reason}`);
}
