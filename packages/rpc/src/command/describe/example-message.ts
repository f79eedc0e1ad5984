import { type DescEnum, type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import type { JsonValue } from '../../codec/json-value.ts';

/**
 * A JSON that the message can be read from, with every field in it: a template to fill in. Lists and
 * maps have one element, a oneof its first field; a message within itself is left out.
 */
export function exampleMessage(desc: DescMessage): JsonValue {
  return exampleOf(desc, []);
}

function exampleOf(desc: DescMessage, around: readonly DescMessage[]): JsonValue {
  const wellKnown = wellKnownExamples[desc.typeName];
  if (wellKnown !== undefined) return wellKnown;
  const inner = [...around, desc];
  const example: { [name: string]: JsonValue } = {};
  for (const member of desc.members) {
    const field = member.kind === 'oneof' ? member.fields[0] : member;
    if (field === undefined) continue;
    const value = fieldExample(field, inner);
    if (value !== undefined) example[field.jsonName] = value;
  }
  return example;
}

/** Undefined for a field that would begin an endless example. */
function fieldExample(field: DescField, around: readonly DescMessage[]): JsonValue | undefined {
  const { message } = field;
  if (message !== undefined && (around.includes(message) || around.length >= maxDepth)) {
    return undefined;
  }
  const one =
    message !== undefined
      ? exampleOf(message, around)
      : field.enum !== undefined
        ? enumExample(field.enum)
        : scalarExample(field.scalar);
  if (field.fieldKind === 'list') return [one];
  if (field.fieldKind === 'map') return { [keyExample(field.mapKey)]: one };
  return one;
}

/** Deeper ones nobody fills in. */
const maxDepth = 8;

function enumExample(desc: DescEnum): JsonValue {
  if (desc.typeName === 'google.protobuf.NullValue') return null;
  return desc.values[0]?.name ?? 0;
}

function scalarExample(scalar: ScalarType | undefined): JsonValue {
  switch (scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return '';
    case ScalarType.BOOL:
      return false;
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return '0';
    default:
      return 0;
  }
}

function keyExample(key: ScalarType): string {
  if (key === ScalarType.STRING) return '';
  return key === ScalarType.BOOL ? 'false' : '0';
}

const wellKnownExamples: Readonly<Record<string, JsonValue>> = {
  'google.protobuf.Any': {},
  'google.protobuf.Duration': '0s',
  'google.protobuf.FieldMask': '',
  'google.protobuf.ListValue': [],
  'google.protobuf.Struct': {},
  'google.protobuf.Timestamp': '1970-01-01T00:00:00Z',
  'google.protobuf.Value': null,
  'google.protobuf.BoolValue': false,
  'google.protobuf.BytesValue': '',
  'google.protobuf.DoubleValue': 0,
  'google.protobuf.FloatValue': 0,
  'google.protobuf.Int32Value': 0,
  'google.protobuf.Int64Value': '0',
  'google.protobuf.StringValue': '',
  'google.protobuf.UInt32Value': 0,
  'google.protobuf.UInt64Value': '0',
};
