import { type Field, type FieldTable, isEnumType, type ScalarName } from './field-table.ts';
import { type Oneof, type Properties, zeroOf } from './field-value.ts';
import { safeNumber } from './integer64.ts';
import type { MessageType } from './message-type.ts';
import type { Reader } from './reader.ts';
import { setOwn } from './record.ts';
import { appendUnknownVarint } from './unknown-fields.ts';
import { wireTypeOf, wireTypes } from './wire-types.ts';

/**
 * Reads fields up to the offset `end` into a message that has its defaults, as the code of the
 * generator does, but from a table: for types that come at run time.
 *
 * @throws RpcError invalid_argument for bytes that are no such message.
 */
export function decodeFields(
  table: FieldTable,
  reader: Reader,
  end: number,
  message: Properties,
): void {
  while (reader.position < end) {
    const start = reader.position;
    const tag = reader.tag();
    if (reader.endsGroup(tag)) return;
    const field = table.byNumber.get(tag >>> 3);
    if (field === undefined || !decodeField(field, tag & 7, start, reader, message)) {
      message.$unknown = reader.unknown(tag, start, message.$unknown);
    }
  }
}

/** False, with nothing read, where the wire type is not one of the field's. */
function decodeField(
  field: Field,
  wireType: number,
  start: number,
  reader: Reader,
  message: Properties,
): boolean {
  if (field.label === 'map') return decodeMapEntry(field, wireType, start, reader, message);
  const expected = wireTypeOf(field.type, field.delimited);
  if (field.label === 'repeated') {
    const list = message[field.localName] as unknown[];
    if (wireType === expected) {
      push(field, list, decodeValue(field, undefined, reader), start, reader, message);
      return true;
    }
    if (wireType !== wireTypes.lengthDelimited || !isPackable(field)) return false;
    decodePacked(field, list, reader, message);
    return true;
  }
  if (wireType !== expected) return false;
  decodeSingle(field, start, reader, message);
  return true;
}

function decodeSingle(field: Field, start: number, reader: Reader, message: Properties): void {
  if (field.oneof === undefined) {
    const value = decodeValue(field, message[field.localName], reader);
    if (isUnknownNumber(field, value)) message.$unknown = reader.keep(start, message.$unknown);
    else message[field.localName] = value;
    return;
  }
  const oneof = message[field.oneof] as Oneof;
  const held = oneof.case === field.localName ? oneof.value : undefined;
  const value = decodeValue(field, held, reader);
  if (isUnknownNumber(field, value)) message.$unknown = reader.keep(start, message.$unknown);
  else message[field.oneof] = { case: field.localName, value };
}

function push(
  field: Field,
  list: unknown[],
  value: unknown,
  start: number,
  reader: Reader,
  message: Properties,
): void {
  if (isUnknownNumber(field, value)) message.$unknown = reader.keep(start, message.$unknown);
  else list.push(value);
}

function decodePacked(field: Field, list: unknown[], reader: Reader, message: Properties): void {
  const end = reader.lengthEnd();
  while (reader.position < end) {
    const value = decodeValue(field, undefined, reader);
    if (isUnknownNumber(field, value)) {
      message.$unknown = appendUnknownVarint(message.$unknown, field.number, value as number);
    } else {
      list.push(value);
    }
  }
  reader.checkEnd(end);
}

function decodeMapEntry(
  field: Field,
  wireType: number,
  start: number,
  reader: Reader,
  message: Properties,
): boolean {
  if (wireType !== wireTypes.lengthDelimited) return false;
  const scalar = field.key ?? 'string';
  const keyType = wireTypeOf(scalar);
  const valueType = wireTypeOf(field.type);
  let key: unknown;
  let value: unknown;
  const end = reader.lengthEnd();
  while (reader.position < end) {
    const tag = reader.tag();
    if (tag === 8 + keyType) key = decodeScalar(scalar, field.loose, reader);
    else if (tag === 16 + valueType) value = decodeValue(field, value, reader);
    else reader.skip(tag);
  }
  reader.checkEnd(end);
  if (isUnknownNumber(field, value)) {
    message.$unknown = reader.keep(start, message.$unknown);
    return true;
  }
  const map = message[field.localName] as Record<string, unknown>;
  setOwn(map, `${key ?? emptyKey(scalar)}`, value ?? emptyValue(field));
  return true;
}

function emptyKey(scalar: ScalarName): string {
  if (scalar === 'string') return '';
  return scalar === 'bool' ? 'false' : '0';
}

function emptyValue(field: Field): unknown {
  const { type } = field;
  return typeof type === 'string' || isEnumType(type) ? zeroOf(field) : type.create();
}

function decodeValue(field: Field, held: unknown, reader: Reader): unknown {
  const { type } = field;
  if (typeof type === 'string') return jsValue(field, decodeScalar(type, field.loose, reader));
  if (isEnumType(type)) return reader.int32();
  return decodeSubmessage(type, field, held as object | undefined, reader);
}

function decodeSubmessage(
  type: MessageType,
  field: Field,
  held: object | undefined,
  reader: Reader,
): object {
  if (field.delimited) {
    const outer = reader.openGroup(field.number);
    const message = type.decode(reader, reader.length, held);
    reader.closeGroup(outer);
    return message;
  }
  const end = reader.open();
  const message = type.decode(reader, end, held);
  reader.close(end);
  return message;
}

function decodeScalar(scalar: ScalarName, loose: boolean, reader: Reader): unknown {
  if (scalar === 'string' && loose) return reader.looseString();
  return reader[scalar]();
}

function jsValue(field: Field, value: unknown): unknown {
  if (field.jsType === undefined) return value;
  return field.jsType === 'number' ? safeNumber(value as bigint) : `${value}`;
}

function isPackable(field: Field): boolean {
  const wireType = wireTypeOf(field.type, field.delimited);
  return wireType !== wireTypes.lengthDelimited && wireType !== wireTypes.startGroup;
}

function isUnknownNumber(field: Field, value: unknown): boolean {
  const { type } = field;
  if (typeof type === 'string' || !isEnumType(type) || !type.closed) return false;
  return value !== undefined && !type.names.has(value as number);
}
