import { isEnumType, type ScalarName, type ValueType } from './field-table.ts';

/** The wire types of protobuf. Source: https://protobuf.dev/programming-guides/encoding/#structure */
export const wireTypes = {
  varint: 0,
  fixed64: 1,
  lengthDelimited: 2,
  startGroup: 3,
  endGroup: 4,
  fixed32: 5,
} as const;

const fixedTypes: Partial<Record<ScalarName, number>> = {
  double: wireTypes.fixed64,
  fixed64: wireTypes.fixed64,
  sfixed64: wireTypes.fixed64,
  float: wireTypes.fixed32,
  fixed32: wireTypes.fixed32,
  sfixed32: wireTypes.fixed32,
  string: wireTypes.lengthDelimited,
  bytes: wireTypes.lengthDelimited,
};

/** How a scalar is written. */
export function wireTypeOfScalar(scalar: ScalarName): number {
  return fixedTypes[scalar] ?? wireTypes.varint;
}

/** How one value of this type is written, messages as groups where they are delimited. */
export function wireTypeOf(type: ValueType, delimited = false): number {
  if (typeof type === 'string') return wireTypeOfScalar(type);
  if (isEnumType(type)) return wireTypes.varint;
  return delimited ? wireTypes.startGroup : wireTypes.lengthDelimited;
}

/** Field number and wire type in one. */
export function tagOf(number: number, wireType: number): number {
  return ((number << 3) | wireType) >>> 0;
}
