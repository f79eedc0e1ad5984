import { toBase64 } from '../../codec/base64.ts';
import type { JsonValue } from '../../codec/json-value.ts';
import { fakeDate } from './fake-time.ts';
import { nouns, tags } from './fake-words.ts';
import type { SeededRandom } from './seeded-random.ts';

interface WellKnownHints {
  readonly random: SeededRandom;
  /** Of the field. */
  readonly name: string;
}

/** The JSON of a type of `google.protobuf` that has a form of its own, but of `Any`; undefined for others. */
export function fakeWellKnown(typeName: string, hints: WellKnownHints): JsonValue | undefined {
  return makers.get(typeName)?.(hints);
}

const makers: ReadonlyMap<string, (hints: WellKnownHints) => JsonValue> = new Map<
  string,
  (hints: WellKnownHints) => JsonValue
>([
  ['google.protobuf.Timestamp', fakeDate],
  [
    'google.protobuf.Duration',
    ({ random }) => `${random.integer(1, 90)}.${random.integer(100, 999)}s`,
  ],
  ['google.protobuf.FieldMask', () => 'name'],
  ['google.protobuf.Struct', ({ random }) => struct(random)],
  ['google.protobuf.Value', ({ random }) => random.pick(tags)],
  ['google.protobuf.ListValue', ({ random }) => [random.pick(tags), random.integer(1, 9)]],
  ['google.protobuf.BoolValue', ({ random }) => random.chance(0.5)],
  ['google.protobuf.BytesValue', ({ random }) => toBase64(random.bytes(8))],
  ['google.protobuf.DoubleValue', ({ random }) => random.integer(0, 10_000) / 100],
  ['google.protobuf.FloatValue', ({ random }) => random.integer(0, 400) / 4],
  ['google.protobuf.Int32Value', ({ random }) => random.integer(1, 1_000)],
  ['google.protobuf.Int64Value', ({ random }) => random.integer(1, 1_000)],
  ['google.protobuf.StringValue', ({ random }) => random.pick(nouns)],
  ['google.protobuf.UInt32Value', ({ random }) => random.integer(1, 1_000)],
  ['google.protobuf.UInt64Value', ({ random }) => random.integer(1, 1_000)],
]);

function struct(random: SeededRandom): JsonValue {
  return { [random.pick(nouns)]: random.pick(tags), count: random.integer(1, 9) };
}
