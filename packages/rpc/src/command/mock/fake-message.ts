import type { DescEnum, DescField, DescMessage } from '@bufbuild/protobuf';
import { toBase64 } from '../../codec/base64.ts';
import { fieldShapeOf } from '../../codec/field-shape.ts';
import type { ScalarName } from '../../codec/field-table.ts';
import type { JsonValue } from '../../codec/json-value.ts';
import { fakeNumber, type NumberShape } from './fake-number.ts';
import { type FakeSubject, fakeSubject } from './fake-subject.ts';
import { type FakeHints, fakeText } from './fake-text.ts';
import { fakeWellKnown } from './fake-well-known.ts';
import { nouns } from './fake-words.ts';
import type { SeededRandom } from './seeded-random.ts';

export interface FakeOptions {
  readonly random: SeededRandom;
  /** What a `google.protobuf.Any` may hold. Without any it is left out. */
  readonly anyTypes?: readonly DescMessage[];
  /** Messages within messages, below which only required fields are filled. Default 5. */
  readonly maxDepth?: number;
  /** Values in one message, after which only required fields are filled. Default 1,000. */
  readonly maxValues?: number;
}

/** A chain of required messages that is longer has no end: no such message can exist. */
const maxRequiredDepth = 64;
/** How many of the scalar fields that may be absent are there. */
const optionalShare = 0.85;

/**
 * The JSON of a message that its type allows and its names make believable: by what fields are
 * called, values are mail addresses, prices, times; enums have a value that says something, one field
 * of each oneof is set, deprecated fields are left out. The same random numbers give the same message.
 */
export function fakeMessage(desc: DescMessage, options: FakeOptions): JsonValue {
  return new Faker(options).message(desc, 'value') ?? {};
}

class Faker {
  readonly #random: SeededRandom;
  readonly #anyTypes: readonly DescMessage[];
  readonly #maxDepth: number;
  readonly #path: DescMessage[] = [];
  #valuesLeft: number;

  constructor({ random, anyTypes = [], maxDepth = 5, maxValues = 1_000 }: FakeOptions) {
    this.#random = random;
    this.#anyTypes = anyTypes;
    this.#maxDepth = maxDepth;
    this.#valuesLeft = maxValues;
  }

  /** Undefined where the type has no value to show. */
  message(desc: DescMessage, name: string): JsonValue | undefined {
    const random = this.#random;
    if (desc.typeName === 'google.protobuf.Any') return this.#any();
    const wellKnown = fakeWellKnown(desc.typeName, { random, name });
    if (wellKnown !== undefined) return wellKnown;
    this.#path.push(desc);
    const json: Record<string, JsonValue> = {};
    const subject = fakeSubject(random);
    for (const field of this.#chosen(desc)) {
      const value = this.#field(field, subject);
      if (value !== undefined) json[field.jsonName] = value;
    }
    this.#path.pop();
    return json;
  }

  /** One field of each oneof, and the others. */
  #chosen(desc: DescMessage): readonly DescField[] {
    const ofOneofs = new Map(
      desc.oneofs.map((oneof) => {
        const possible = oneof.fields.filter((field) => this.#has(field));
        return [oneof, possible.length === 0 ? undefined : this.#random.pick(possible)];
      }),
    );
    return desc.fields.filter((field) =>
      field.oneof === undefined ? this.#has(field) : ofOneofs.get(field.oneof) === field,
    );
  }

  #has(field: DescField): boolean {
    const { label } = fieldShapeOf(field);
    if (label === 'required') return this.#path.length < maxRequiredDepth;
    if (field.deprecated || this.#valuesLeft <= 0) return false;
    if (field.message !== undefined) {
      const { message } = field;
      if (this.#path.length >= this.#maxDepth) return false;
      // A tree shows its first branches; an order says nothing of the one that it replaces.
      const mostWithin = field.fieldKind === 'list' ? 1 : 0;
      return this.#path.filter((each) => each === message).length <= mostWithin;
    }
    const mayBeAbsent = label === 'optional' && field.oneof === undefined;
    return !mayBeAbsent || this.#random.chance(optionalShare);
  }

  #field(field: DescField, subject: FakeSubject): JsonValue | undefined {
    if (field.fieldKind === 'map') return this.#map(field, subject);
    if (field.fieldKind !== 'list') return this.#value(field, subject);
    const list: JsonValue[] = [];
    for (let left = this.#length(field); left > 0; left--) {
      // Each element is about somebody else.
      const value = this.#value(field, fakeSubject(this.#random));
      if (value !== undefined) list.push(value);
    }
    return list;
  }

  #map(field: DescField & { fieldKind: 'map' }, subject: FakeSubject): JsonValue {
    const map: Record<string, JsonValue> = {};
    const keyType = fieldShapeOf(field).key;
    for (let left = this.#length(field); left > 0; left--) {
      const value = this.#value(field, subject);
      if (value !== undefined) map[this.#key(keyType, left)] = value;
    }
    return map;
  }

  #key(type: ScalarName | undefined, ordinal: number): string {
    if (type === 'string') return this.#random.pick(nouns);
    return type === 'bool' ? String(ordinal % 2 === 0) : String(ordinal);
  }

  /** The deeper, the fewer. */
  #length(field: DescField): number {
    const isDeep = field.message !== undefined && this.#path.length > 1;
    return isDeep ? 1 : this.#random.integer(1, 3);
  }

  #value(field: DescField, subject: FakeSubject): JsonValue | undefined {
    this.#valuesLeft--;
    if (field.message !== undefined) return this.message(field.message, field.name);
    if (field.enum !== undefined) return this.#enum(field.enum);
    const owner = snakeCase(field.parent.name);
    const hints: FakeHints = { random: this.#random, subject, name: field.name, owner };
    const { type } = fieldShapeOf(field);
    return typeof type === 'string' ? fakeScalar(type, hints) : undefined;
  }

  #enum(desc: DescEnum): JsonValue {
    if (desc.typeName === 'google.protobuf.NullValue') return null;
    const telling = desc.values.filter(
      ({ name, deprecated }) => !deprecated && !/(?:UNSPECIFIED|UNKNOWN|INVALID)$/.test(name),
    );
    const [first] = desc.values;
    return this.#random.pick(telling.length > 0 || first === undefined ? telling : [first]).name;
  }

  #any(): JsonValue | undefined {
    const possible = this.#anyTypes.filter((each) => !this.#path.includes(each));
    if (possible.length === 0) return undefined;
    const desc = this.#random.pick(possible);
    const held = this.message(desc, 'value');
    return { '@type': `type.googleapis.com/${desc.typeName}`, ...(held as object) };
  }
}

function fakeScalar(type: ScalarName, hints: FakeHints): JsonValue {
  const { random, name } = hints;
  if (type === 'string') return fakeText(hints);
  if (type === 'bytes') return toBase64(random.bytes(random.integer(8, 24)));
  if (type === 'bool') return random.chance(truthShare(name));
  return fakeNumber(hints, numberShapeOf(type));
}

/** Most things are as they should be. */
function truthShare(name: string): number {
  if (/delet|disabl|error|fail|block|hidden|expired|locked/.test(name)) return 0.1;
  return /activ|enabl|ok|success|valid|verified|available/.test(name) ? 0.9 : 0.5;
}

function numberShapeOf(type: ScalarName): NumberShape {
  return {
    isFraction: type === 'double' || type === 'float',
    isUnsigned: type.startsWith('uint') || type.startsWith('fixed'),
    bits: type.endsWith('32') || type === 'float' ? 32 : 64,
  };
}

function snakeCase(name: string): string {
  return name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toLowerCase();
}
