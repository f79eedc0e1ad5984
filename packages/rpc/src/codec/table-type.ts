import { type Field, type FieldTable, isEnumType } from './field-table.ts';
import { defaultValue, type Oneof, type Properties } from './field-value.ts';
import { messageFromJson, messageToJson } from './message-json.ts';
import type { MessageInit, MessageType } from './message-type.ts';
import { setOwn } from './record.ts';
import { decodeFields } from './table-decode.ts';
import { encodeFields } from './table-encode.ts';

/**
 * A message type that works from a table: slower than the code of the generator, for types that come
 * at run time and for those of files with `optimize_for = CODE_SIZE`. Its messages have the same shape
 * as those of the generator. That the table is that of `T` is the caller's promise.
 */
export function tableMessageType<T extends object = Properties>(table: FieldTable): MessageType<T> {
  const type: MessageType<Properties> = {
    typeName: table.typeName,
    create: (init) => createFields(table, init ?? {}),
    encode: (message, writer) => encodeFields(table, message, writer),
    decode(reader, end, into) {
      const message = into ?? createFields(table, {});
      decodeFields(table, reader, end, message);
      return message;
    },
    toJson: (message, options) => messageToJson(table, message, options),
    fromJson: (json, options) => messageFromJson(type, table, json, options),
  };
  return type as MessageType as MessageType<T>;
}

function createFields(table: FieldTable, init: MessageInit<Properties>): Properties {
  const message: Properties = {};
  for (const field of table.fields) {
    if (field.oneof === undefined) {
      const value = init[field.localName];
      message[field.localName] = value === undefined ? defaultValue(field) : copyOf(field, value);
    } else {
      message[field.oneof] ??= createOneof(table, field.oneof, init[field.oneof] as Oneof);
    }
  }
  message.$unknown = init.$unknown;
  return message;
}

function createOneof(table: FieldTable, name: string, init: Oneof | undefined): Oneof {
  for (const field of table.fields) {
    if (field.oneof !== name || field.localName !== init?.case) continue;
    if (init.value !== undefined) {
      return { case: field.localName, value: copyOf(field, init.value) };
    }
  }
  return { case: undefined };
}

function copyOf(field: Field, value: unknown): unknown {
  const { type } = field;
  const isMessage = typeof type !== 'string' && !isEnumType(type);
  if (field.label === 'repeated') {
    const list = value as readonly object[];
    return isMessage ? list.map((element) => type.create(element)) : [...list];
  }
  if (field.label !== 'map') return isMessage ? type.create(value as object) : value;
  const map: Record<string, unknown> = {};
  for (const [key, element] of Object.entries(value as object)) {
    if (element !== undefined) setOwn(map, key, isMessage ? type.create(element) : element);
  }
  return map;
}
