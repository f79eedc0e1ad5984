import type { FieldTable } from './field-table.ts';
import type { Properties } from './field-value.ts';
import { mapOneMessage } from './json-fault.ts';
import { fieldsFromJson } from './json-read.ts';
import type { JsonReadOptions, JsonValue, JsonWriteOptions } from './json-value.ts';
import { fieldsToJson } from './json-write.ts';
import type { MessageInit, MessageType } from './message-type.ts';
import { wellKnownJson } from './well-known-json.ts';

const noOptions = {};

/**
 * The canonical JSON of a message, well-known types in their own forms.
 * Source: https://protobuf.dev/programming-guides/json/
 *
 * @throws RpcError invalid_argument that names the path of a value that its field cannot hold.
 */
export function messageToJson<T extends object>(
  table: FieldTable,
  message: MessageInit<T>,
  options: JsonWriteOptions = noOptions,
): JsonValue {
  const properties = message as Properties;
  return mapOneMessage(table.typeName, () => {
    const form = wellKnownJson(table.typeName);
    if (form === undefined) return fieldsToJson(table, properties, options);
    return form.write(properties, options, table);
  });
}

/**
 * The message of a canonical JSON.
 *
 * @throws RpcError invalid_argument that names the path of the value.
 */
export function messageFromJson<T extends object>(
  type: MessageType<T>,
  table: FieldTable,
  json: JsonValue,
  options: JsonReadOptions = noOptions,
): T {
  const message = type.create();
  const properties = message as Properties;
  return mapOneMessage(table.typeName, () => {
    const form = wellKnownJson(table.typeName);
    if (form === undefined) fieldsFromJson(table, properties, json, options);
    else form.read(properties, json, options, table);
    return message;
  });
}
