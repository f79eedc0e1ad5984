import { fromBase64, toBase64 } from './base64.ts';
import type { EnumType, Field, ScalarName } from './field-table.ts';
import { described, jsonFault } from './json-fault.ts';
import type { JsonValue } from './json-value.ts';

/** A JSON number, as a text (RFC 8259, section 6). */
const numberForm = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const integerForm = /^-?(?:0|[1-9]\d*)$/;

/** An enum whose JSON is null. */
const nullValue = 'google.protobuf.NullValue';

/**
 * The JSON of a scalar. A 64-bit integer is a bigint, unless `jsType` says otherwise.
 *
 * @throws RpcError invalid_argument for a value that its type cannot hold.
 */
export function scalarToJson(
  scalar: ScalarName,
  value: unknown,
  jsType?: 'number' | 'string',
): JsonValue {
  switch (scalar) {
    case 'string':
      return checkedText(value);
    case 'bool':
      if (typeof value === 'boolean') return value;
      throw expected('a boolean', value);
    case 'bytes':
      if (value instanceof Uint8Array) return toBase64(value);
      throw expected('a Uint8Array', value);
    case 'double':
    case 'float':
      return numberToJson(scalar, value);
    case 'int64':
    case 'sint64':
    case 'sfixed64':
    case 'uint64':
    case 'fixed64':
      // The binary format refuses it, and `locatedFault` asks here which field is to blame.
      if (jsType === undefined && typeof value !== 'bigint') throw expected('a bigint', value);
      return checkedInteger64(scalar, value).toString();
    default:
      return checkedInteger32(scalar, value);
  }
}

/**
 * The scalar of a JSON value that is not null.
 *
 * @throws RpcError invalid_argument for a value that the type cannot hold.
 */
export function scalarFromJson(scalar: ScalarName, json: JsonValue): unknown {
  switch (scalar) {
    case 'string':
      return checkedText(json);
    case 'bool':
      if (typeof json === 'boolean') return json;
      throw expected('a boolean', json);
    case 'bytes':
      return bytesFromJson(json);
    case 'double':
    case 'float':
      return numberFromJson(scalar, json);
    case 'int64':
    case 'sint64':
    case 'sfixed64':
    case 'uint64':
    case 'fixed64':
      return checkedInteger64(scalar, integerOfText(json));
    default:
      return checkedInteger32(scalar, typeof json === 'string' ? numberOfText(json) : json);
  }
}

/** A 64-bit integer as the field wants it. */
export function localInteger64(field: Field, value: unknown): unknown {
  if (typeof value !== 'bigint' || field.jsType === undefined) return value;
  if (field.jsType === 'string') return value.toString();
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw jsonFault(`${value} is no safe integer, which jstype = JS_NUMBER asks for`);
}

/** The text of a map's key as the type has it: `"01"` is no key of an integer. */
export function mapKeyFromJson(scalar: ScalarName, key: string): string {
  if (scalar === 'string') return checkedText(key);
  if (scalar === 'bool') {
    if (key === 'true' || key === 'false') return key;
    throw expected('"true" or "false" as a key', key);
  }
  return `${scalarFromJson(scalar, key)}`;
}

/** The JSON of an enum's number. An open enum writes numbers that have no name. */
export function enumToJson(type: EnumType, value: unknown, asInteger: boolean): JsonValue {
  if (type.typeName === nullValue) return null;
  const number = checkedInteger32('int32', value);
  const name = type.names.get(number);
  if (name === undefined && type.closed) throw unknownNumber(type, number);
  return asInteger || name === undefined ? number : name;
}

/** The number of an enum's JSON; undefined for an unknown name that is to be ignored. */
export function enumFromJson(
  type: EnumType,
  json: JsonValue,
  ignoreUnknown: boolean,
): number | undefined {
  if (json === null && type.typeName === nullValue) return 0;
  if (typeof json === 'string') {
    const number = Object.hasOwn(type.numbers, json) ? type.numbers[json] : undefined;
    if (number !== undefined || ignoreUnknown) return number;
    throw jsonFault(`${described(json)} is no value of the enum ${type.typeName}`);
  }
  const number = checkedInteger32('int32', json);
  if (type.closed && !type.names.has(number)) throw unknownNumber(type, number);
  return number;
}

/** Whether JSON's null is a value of this field and not its absence. */
export function takesNull(field: Field): boolean {
  if (typeof field.type === 'string') return false;
  const { typeName } = field.type;
  return typeName === 'google.protobuf.Value' || typeName === nullValue;
}

function unknownNumber(type: EnumType, number: number): Error {
  return jsonFault(`${number} is no value of the closed enum ${type.typeName}`);
}

function checkedText(value: unknown): string {
  if (typeof value !== 'string') throw expected('a string', value);
  if (!value.isWellFormed()) throw jsonFault('a string holds half of a surrogate pair');
  return value;
}

function checkedInteger32(scalar: ScalarName, value: unknown): number {
  const unsigned = scalar === 'uint32' || scalar === 'fixed32';
  if (typeof value === 'number') {
    const held = unsigned ? value >>> 0 : value | 0;
    if (held === value) return held;
  }
  throw expected(unsigned ? 'an unsigned 32-bit integer' : 'a 32-bit integer', value);
}

function checkedInteger64(scalar: ScalarName, value: unknown): bigint {
  const unsigned = scalar === 'uint64' || scalar === 'fixed64';
  const integer = bigintOf(value);
  if (integer !== undefined) {
    const held = unsigned ? BigInt.asUintN(64, integer) : BigInt.asIntN(64, integer);
    if (held === integer) return integer;
  }
  throw expected(unsigned ? 'an unsigned 64-bit integer' : 'a 64-bit integer', value);
}

function bigintOf(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : undefined;
  return typeof value === 'string' && integerForm.test(value) ? BigInt(value) : undefined;
}

/** `"1e3"` and `"1.0"` are integers, too. */
function integerOfText(json: JsonValue): unknown {
  return typeof json === 'string' && !integerForm.test(json) ? numberOfText(json) : json;
}

function numberOfText(text: string): unknown {
  return numberForm.test(text) ? Number(text) : text;
}

function numberToJson(scalar: ScalarName, value: unknown): JsonValue {
  if (typeof value !== 'number') throw expected('a number', value);
  if (!Number.isFinite(value)) return `${value}`;
  return checkedRange(scalar, value);
}

function numberFromJson(scalar: ScalarName, json: JsonValue): number {
  if (json === 'NaN') return Number.NaN;
  if (json === 'Infinity') return Number.POSITIVE_INFINITY;
  if (json === '-Infinity') return Number.NEGATIVE_INFINITY;
  const number = typeof json === 'string' ? numberOfText(json) : json;
  if (typeof number !== 'number' || !Number.isFinite(number)) throw expected('a number', json);
  return checkedRange(scalar, number);
}

function checkedRange(scalar: ScalarName, value: number): number {
  if (scalar === 'double' || Number.isFinite(Math.fround(value))) return value;
  throw expected('a 32-bit number', value);
}

function bytesFromJson(json: JsonValue): Uint8Array {
  const bytes = typeof json === 'string' ? fromBase64(json) : undefined;
  if (bytes === undefined) throw expected('base64', json);
  return bytes;
}

function expected(what: string, value: unknown): Error {
  return jsonFault(`expected ${what}, not ${described(value)}`);
}
