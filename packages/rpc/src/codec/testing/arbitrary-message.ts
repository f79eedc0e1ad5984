import type { DescEnum, DescMessage } from '@bufbuild/protobuf';
import fc, { type Arbitrary } from 'fast-check';
import { type FieldShape, fieldShapeOf } from '../field-shape.ts';
import type { ScalarName } from '../field-table.ts';

/** How deep messages of messages are made. */
const maxDepth = 2;

/** What the JSON of a well-known type can say: not every value of its fields. */
const wellKnown: Readonly<Record<string, (depth: number) => Arbitrary<object>>> = {
  'google.protobuf.Any': () => fc.constant({}),
  'google.protobuf.Timestamp': () =>
    fc.record({
      seconds: fc.bigInt(-62_135_596_800n, 253_402_300_799n),
      nanos: fc.oneof(fc.constantFrom(0, 1, 1_000, 21_000_000), fc.nat(999_999_999)),
    }),
  'google.protobuf.Duration': () =>
    fc
      .tuple(fc.bigInt(0n, 315_576_000_000n), fc.nat(999_999_999), fc.boolean())
      .map(([seconds, nanos, negative]) =>
        negative ? { seconds: -seconds, nanos: -nanos || 0 } : { seconds, nanos },
      ),
  'google.protobuf.FieldMask': () =>
    fc.record({ paths: fc.array(fc.stringMatching(/^[a-z]{1,5}(_[a-z]{1,3}){0,2}$/)) }),
  'google.protobuf.Value': (depth) => value(depth),
};

/**
 * Messages of a descriptor as our code has them, with the edges of each type. All fields are there in
 * some, few in others.
 */
export function arbitraryMessage(desc: DescMessage): Arbitrary<object> {
  return message(desc, 0) ?? fc.constant({});
}

/** Undefined where a required field would go too deep. */
function message(desc: DescMessage, depth: number): Arbitrary<object> | undefined {
  const special = wellKnown[desc.typeName];
  if (special !== undefined) return special(depth);
  const members: Record<string, Arbitrary<unknown>> = {};
  const required: string[] = [];
  for (const member of desc.members) {
    if (member.kind === 'oneof') {
      const cases = member.fields.flatMap((field) => {
        const one = single(fieldShapeOf(field), depth);
        return one === undefined
          ? []
          : [one.map((held) => ({ case: field.localName, value: held }))];
      });
      if (cases.length > 0) members[member.localName] = fc.oneof(...cases);
      continue;
    }
    const shape = fieldShapeOf(member);
    const whole = field(shape, depth);
    if (whole === undefined) {
      if (shape.label === 'required') return undefined;
      continue;
    }
    members[member.localName] = whole;
    if (shape.label === 'required') required.push(member.localName);
  }
  return fc.record(members, { requiredKeys: required });
}

function field(shape: FieldShape, depth: number): Arbitrary<unknown> | undefined {
  const one = single(shape, depth);
  if (one === undefined) return undefined;
  if (shape.label === 'repeated') return fc.array(one, { maxLength: 4 });
  if (shape.label !== 'map') return one;
  const keys = scalar(shape.key ?? 'string').map((key) => `${key}`);
  return fc.dictionary(keys, one, { maxKeys: 4 });
}

function single(shape: FieldShape, depth: number): Arbitrary<unknown> | undefined {
  const { type } = shape;
  if (typeof type === 'string') return jsType(shape, scalar(type));
  if (type.kind === 'enum') return number(type);
  return depth < maxDepth ? message(type, depth + 1) : undefined;
}

function jsType(shape: FieldShape, values: Arbitrary<unknown>): Arbitrary<unknown> {
  if (shape.jsType === 'string') return values.map((one) => `${one}`);
  if (shape.jsType !== 'number') return values;
  return shape.type === 'uint64'
    ? fc.maxSafeNat()
    : shape.type === 'fixed64'
      ? fc.maxSafeNat()
      : fc.maxSafeInteger();
}

function number(desc: DescEnum): Arbitrary<number> {
  if (desc.typeName === 'google.protobuf.NullValue') return fc.constant(0);
  const known = fc.constantFrom(...desc.values.map((one) => one.number));
  return desc.open ? fc.oneof(known, fc.integer()) : known;
}

function scalar(type: ScalarName): Arbitrary<unknown> {
  switch (type) {
    case 'bool':
      return fc.boolean();
    case 'string':
      return fc.oneof(
        fc.string({ unit: 'grapheme', maxLength: 20 }),
        fc.string({ unit: 'binary', maxLength: 60 }),
        fc.constantFrom('', '__proto__', '\ufeff', '\u0000', 'x'.repeat(130)),
      );
    case 'bytes':
      return fc.uint8Array({ maxLength: 20 });
    case 'float':
      return fc.float();
    case 'double':
      return fc.double();
    case 'int32':
    case 'sint32':
    case 'sfixed32':
      return fc.oneof(fc.integer(), fc.constantFrom(0, -1, 2 ** 31 - 1, -(2 ** 31)));
    case 'uint32':
    case 'fixed32':
      return fc.oneof(fc.nat(2 ** 32 - 1), fc.constantFrom(0, 127, 128, 2 ** 32 - 1));
    case 'uint64':
    case 'fixed64':
      return fc.oneof(
        fc.bigInt(0n, 2n ** 64n - 1n),
        fc.constantFrom(0n, 2n ** 64n - 1n, 2n ** 32n),
      );
    default:
      return fc.oneof(
        fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
        fc.constantFrom(0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 32n),
      );
  }
}

function value(depth: number): Arbitrary<object> {
  const plain = fc.oneof(
    fc.constant({ case: 'nullValue', value: 0 }),
    fc.boolean().map((held) => ({ case: 'boolValue', value: held })),
    fc.string().map((held) => ({ case: 'stringValue', value: held })),
    fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .map((held) => ({ case: 'numberValue', value: held })),
  );
  if (depth >= maxDepth) return plain.map((kind) => ({ kind }));
  const inner = value(depth + 1);
  return fc
    .oneof(
      plain,
      fc.array(inner, { maxLength: 3 }).map((values) => ({ case: 'listValue', value: { values } })),
      fc
        .dictionary(fc.string({ maxLength: 5 }), inner, { maxKeys: 3 })
        .map((fields) => ({ case: 'structValue', value: { fields } })),
    )
    .map((kind) => ({ kind }));
}
