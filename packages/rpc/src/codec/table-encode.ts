import { type Field, type FieldTable, isEnumType, type ScalarName } from './field-table.ts';
import { fieldValue, isDefault, type Properties } from './field-value.ts';
import { bigintOf } from './integer64.ts';
import type { MessageType } from './message-type.ts';
import { missingField } from './missing-field.ts';
import { tagOf, wireTypeOf, wireTypes } from './wire-types.ts';
import type { Writer } from './writer.ts';

/**
 * Appends the fields of a message without a length, as the code of the generator does, but field by
 * field from a table: for types that come at run time.
 *
 * @throws RpcError invalid_argument for a value that its field cannot hold.
 */
export function encodeFields(
  table: FieldTable,
  message: Readonly<Properties>,
  writer: Writer,
): void {
  for (const field of table.fields) {
    const value = fieldValue(field, message);
    if (value === undefined) {
      if (field.label === 'required') throw missingField(table.typeName, field.name);
      continue;
    }
    if (field.label !== 'implicit' || field.oneof !== undefined || !isDefault(field, value)) {
      encodeField(field, value, writer);
    }
  }
  if (message.$unknown !== undefined) writer.raw(message.$unknown);
}

/** Appends a field with all of its values, also where it is its default. */
export function encodeField(field: Field, value: unknown, writer: Writer): void {
  if (field.label === 'map') encodeMap(field, value as Record<string, unknown>, writer);
  else if (field.label === 'repeated') encodeList(field, value as readonly unknown[], writer);
  else encodeTagged(field, field.number, value, writer);
}

function encodeList(field: Field, list: readonly unknown[], writer: Writer): void {
  if (list.length === 0) return;
  if (!field.packed) {
    for (const value of list) encodeTagged(field, field.number, value, writer);
    return;
  }
  writer.tag(tagOf(field.number, wireTypes.lengthDelimited));
  const begin = writer.begin();
  for (const value of list) encodeValue(field, value, writer);
  writer.end(begin);
}

function encodeMap(field: Field, map: Readonly<Record<string, unknown>>, writer: Writer): void {
  const key = field.key ?? 'string';
  for (const name of Object.keys(map)) {
    const value = map[name];
    if (value === undefined) continue;
    writer.tag(tagOf(field.number, wireTypes.lengthDelimited));
    const begin = writer.begin();
    writer.tag(tagOf(1, wireTypeOf(key)));
    encodeScalar(key, keyOf(key, name), writer);
    encodeTagged(field, 2, value, writer);
    writer.end(begin);
  }
}

function encodeTagged(field: Field, number: number, value: unknown, writer: Writer): void {
  writer.tag(tagOf(number, wireTypeOf(field.type, field.delimited)));
  encodeValue(field, value, writer);
  if (field.delimited) writer.tag(tagOf(number, wireTypes.endGroup));
}

function encodeValue(field: Field, value: unknown, writer: Writer): void {
  const { type } = field;
  if (typeof type === 'string') encodeScalar(type, value, writer);
  else if (isEnumType(type)) writer.int32(value as number);
  else encodeSubmessage(type, value as object, field.delimited, writer);
}

function encodeSubmessage(
  type: MessageType,
  message: object,
  delimited: boolean,
  writer: Writer,
): void {
  if (delimited) {
    type.encode(message, writer);
    return;
  }
  const begin = writer.begin();
  type.encode(message, writer);
  writer.end(begin);
}

/** The methods of the writer check what they are given. */
function encodeScalar(scalar: ScalarName, value: unknown, writer: Writer): void {
  switch (scalar) {
    case 'int64':
    case 'uint64':
    case 'sint64':
    case 'fixed64':
    case 'sfixed64':
      writer[scalar](bigintOf(value));
      return;
    case 'bool':
      writer.bool(value as boolean);
      return;
    case 'string':
      writer.string(value as string);
      return;
    case 'bytes':
      writer.bytes(value as Uint8Array);
      return;
    default:
      writer[scalar](value as number);
  }
}

function keyOf(scalar: ScalarName, name: string): unknown {
  switch (scalar) {
    case 'string':
      return name;
    case 'bool':
      return name === 'true';
    case 'int64':
    case 'uint64':
    case 'sint64':
    case 'fixed64':
    case 'sfixed64':
      return bigintOf(name);
    default:
      return Number(name);
  }
}
