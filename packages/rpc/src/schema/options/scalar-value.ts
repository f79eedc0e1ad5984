import { FieldDescriptorProto_Type as T } from '@bufbuild/protobuf/wkt';
import { type EnumSymbol, type FieldSymbol, findEnumValue } from '../linker/symbols.ts';
import type { OptionValue } from '../parser/parsed-file.ts';
import { decodeString } from '../string-literal.ts';
import type { TreeValue } from './option-tree.ts';

/**
 * A literal as a value of a field that is no message. In an aggregate the text format's spellings
 * are allowed besides. Returns what is wrong, as a string, for a literal that is none.
 */
export function scalarValue(
  field: FieldSymbol,
  value: OptionValue,
  isAggregate: boolean,
): TreeValue | string {
  const { type } = field.proto;
  switch (type) {
    case T.BOOL:
      return boolValue(value, isAggregate);
    case T.ENUM:
      return enumValue(field, value, isAggregate);
    case T.STRING:
    case T.BYTES:
      return stringValue(field, value);
    case T.FLOAT:
    case T.DOUBLE:
      return floatValue(value, isAggregate) ?? `${field.proto.name} takes a number; write one`;
    default:
      return integerValue(field, value);
  }
}

const trueWords = new Set(['true', 'True', 't']);
const falseWords = new Set(['false', 'False', 'f']);

function boolValue(value: OptionValue, isAggregate: boolean): boolean | string {
  if (value.kind === 'identifier' && !value.isNegative) {
    if (value.text === 'true' || (isAggregate && trueWords.has(value.text))) return true;
    if (value.text === 'false' || (isAggregate && falseWords.has(value.text))) return false;
  }
  if (isAggregate && value.kind === 'integer' && (value.value === 0n || value.value === 1n)) {
    return value.value === 1n;
  }
  return 'a bool is true or false; write one of them';
}

function enumValue(field: FieldSymbol, value: OptionValue, isAggregate: boolean): bigint | string {
  const type = field.type as EnumSymbol;
  if (value.kind === 'identifier' && !value.isNegative) {
    const found = findEnumValue(type, value.text);
    if (found !== undefined) return BigInt(found.proto.number);
    return `${type.fullName} has no value ${value.text}; write one of ${someNames(type)}`;
  }
  if (isAggregate && value.kind === 'integer') {
    if (type.values.some(({ proto }) => BigInt(proto.number) === value.value)) return value.value;
    return `${type.fullName} has no value ${value.value}; write one of ${someNames(type)}`;
  }
  return `${field.proto.name} takes a name of ${type.fullName}; write one of ${someNames(type)}`;
}

function someNames({ values }: EnumSymbol): string {
  const names = values.slice(0, 8).map(({ proto }) => proto.name);
  return values.length > names.length ? `${names.join(', ')}, …` : names.join(', ');
}

function stringValue(field: FieldSymbol, value: OptionValue): Uint8Array | string {
  if (value.kind !== 'string') return `${field.proto.name} takes a string; put it in quotes`;
  if (field.proto.type === T.STRING && decodeString(value.value) === undefined) {
    return 'the escapes of this string do not make valid UTF-8; correct them';
  }
  return value.value;
}

const infinities = new Set(['inf', 'infinity']);

function floatValue(value: OptionValue, isAggregate: boolean): number | undefined {
  if (value.kind === 'float') return value.value;
  if (value.kind === 'integer') return Number(value.value);
  if (value.kind !== 'identifier') return undefined;
  const word = isAggregate ? value.text.toLowerCase() : value.text;
  if (word === 'nan') return Number.NaN;
  if (word !== 'inf' && !(isAggregate && infinities.has(word))) return undefined;
  return value.isNegative ? -Infinity : Infinity;
}

const int32: readonly [bigint, bigint] = [-(2n ** 31n), 2n ** 31n - 1n];
const uint32: readonly [bigint, bigint] = [0n, 2n ** 32n - 1n];
const int64: readonly [bigint, bigint] = [-(2n ** 63n), 2n ** 63n - 1n];
const uint64: readonly [bigint, bigint] = [0n, 2n ** 64n - 1n];

const ranges: Partial<Record<T, readonly [bigint, bigint]>> = {
  [T.INT32]: int32,
  [T.SINT32]: int32,
  [T.SFIXED32]: int32,
  [T.UINT32]: uint32,
  [T.FIXED32]: uint32,
  [T.INT64]: int64,
  [T.SINT64]: int64,
  [T.SFIXED64]: int64,
  [T.UINT64]: uint64,
  [T.FIXED64]: uint64,
};

function integerValue({ proto }: FieldSymbol, value: OptionValue): bigint | string {
  const [min, max] = ranges[proto.type] ?? int32;
  if (value.kind === 'integer' && value.value >= min && value.value <= max) return value.value;
  return `${proto.name} takes an integer from ${min} to ${max}; write one`;
}
