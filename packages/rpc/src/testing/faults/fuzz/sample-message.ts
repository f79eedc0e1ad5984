import type { DescEnum, DescMessage } from '@bufbuild/protobuf';
import { type FieldShape, fieldShapeOf } from '../../../codec/field-shape.ts';
import type { ScalarName } from '../../../codec/field-table.ts';
import type { SeededRandom } from '../../../command/mock/seeded-random.ts';

const maxDepth = 3;
const maxValues = 3;
/** Of the fields that may be absent, how many are there. */
const present = 0.7;
const texts: readonly string[] = ['', 'a', 'ä€😀', '__proto__', 'x'.repeat(130), '\u0000"\\'];
const whole: readonly number[] = [0, 1, -1, 127, 128, 2 ** 31 - 1, -(2 ** 31)];
const natural: readonly number[] = [0, 1, 127, 128, 300, 2 ** 31, 2 ** 32 - 1];
const real: readonly number[] = [0, -0, 1.5, -1, 1e38, Number.NaN, Number.NEGATIVE_INFINITY];

/** What the JSON of a well-known type can say: not every value of its fields. */
const wellKnown: Readonly<Record<string, object>> = {
  'google.protobuf.Any': {},
  'google.protobuf.Timestamp': { seconds: 1_700_000_000n, nanos: 120_000_000 },
  'google.protobuf.Duration': { seconds: -3n, nanos: -5 },
  'google.protobuf.FieldMask': { paths: ['a', 'b_c.d'] },
  'google.protobuf.Value': {
    kind: {
      case: 'listValue',
      value: { values: [{ kind: { case: 'numberValue', value: 1.5 } }] },
    },
  },
};

/** A message of a descriptor as our code has it, with edges of each type in it. */
export function sampleMessage(desc: DescMessage, random: SeededRandom): object {
  return messageOf(desc, random, 0) ?? {};
}

/** Undefined where it would go too deep. */
function messageOf(desc: DescMessage, random: SeededRandom, depth: number): object | undefined {
  const special = wellKnown[desc.typeName];
  if (special !== undefined) return special;
  if (depth > maxDepth) return undefined;
  const made: Record<string, unknown> = {};
  for (const member of desc.members) {
    if (member.kind === 'oneof') {
      const field = random.pick(member.fields);
      const value = singleOf(fieldShapeOf(field), random, depth);
      if (value !== undefined) made[member.localName] = { case: field.localName, value };
      continue;
    }
    const shape = fieldShapeOf(member);
    if (shape.label !== 'required' && !random.chance(present)) continue;
    const value = fieldOf(shape, random, depth);
    if (value !== undefined) made[member.localName] = value;
    else if (shape.label === 'required') return undefined;
  }
  return made;
}

function fieldOf(shape: FieldShape, random: SeededRandom, depth: number): unknown {
  if (shape.label !== 'repeated' && shape.label !== 'map') return singleOf(shape, random, depth);
  const count = random.integer(0, maxValues);
  const values = Array.from({ length: count }, () => singleOf(shape, random, depth));
  const there = values.filter((value) => value !== undefined);
  if (shape.label === 'repeated') return there;
  const keys = there.map(() => `${scalarOf(shape.key ?? 'string', random)}`);
  return Object.fromEntries(there.map((value, i) => [keys[i], value]));
}

function singleOf(shape: FieldShape, random: SeededRandom, depth: number): unknown {
  const { type, jsType } = shape;
  if (typeof type !== 'string') {
    return type.kind === 'enum' ? numberOf(type, random) : messageOf(type, random, depth + 1);
  }
  const value = scalarOf(type, random);
  if (jsType === 'string') return `${value}`;
  return jsType === 'number' ? random.pick(natural) : value;
}

function numberOf(desc: DescEnum, random: SeededRandom): number {
  return random.pick(desc.values).number;
}

function scalarOf(type: ScalarName, random: SeededRandom): unknown {
  switch (type) {
    case 'bool':
      return random.chance(0.5);
    case 'string':
      return random.pick(texts);
    case 'bytes':
      return random.bytes(random.integer(0, 20));
    case 'float':
      return Math.fround(random.pick(real));
    case 'double':
      return random.pick(real);
    case 'int32':
    case 'sint32':
    case 'sfixed32':
      return random.pick(whole);
    case 'uint32':
    case 'fixed32':
      return random.pick(natural);
    case 'uint64':
    case 'fixed64':
      return BigInt(random.pick(natural)) * 2n ** 32n;
    default:
      return BigInt(random.pick(whole)) * 2n ** 32n;
  }
}
