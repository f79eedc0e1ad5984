import { fieldMaskForm } from './field-mask-json.ts';
import type { FieldTable } from './field-table.ts';
import { type Properties, zeroOf } from './field-value.ts';
import { described, jsonFault } from './json-fault.ts';
import type { JsonForm } from './json-form.ts';
import { localInteger64, scalarFromJson, scalarToJson } from './json-scalars.ts';
import type { JsonReadOptions, JsonValue, JsonWriteOptions } from './json-value.ts';
import { decodeMessage, encodeMessage } from './message-bytes.ts';
import type { MessageType } from './message-type.ts';
import { setOwn } from './record.ts';
import { listValueForm, structForm, valueForm } from './struct-json.ts';
import { durationForm, timestampForm } from './time-json.ts';
import { noBytes } from './unknown-fields.ts';

const wrapperForm: JsonForm = { write: wrapperToJson, read: wrapperFromJson };

const forms: ReadonlyMap<string, JsonForm> = new Map<string, JsonForm>([
  ['google.protobuf.Any', { write: anyToJson, read: anyFromJson }],
  ['google.protobuf.Duration', durationForm],
  ['google.protobuf.FieldMask', fieldMaskForm],
  ['google.protobuf.ListValue', listValueForm],
  ['google.protobuf.Struct', structForm],
  ['google.protobuf.Timestamp', timestampForm],
  ['google.protobuf.Value', valueForm],
  ['google.protobuf.BoolValue', wrapperForm],
  ['google.protobuf.BytesValue', wrapperForm],
  ['google.protobuf.DoubleValue', wrapperForm],
  ['google.protobuf.FloatValue', wrapperForm],
  ['google.protobuf.Int32Value', wrapperForm],
  ['google.protobuf.Int64Value', wrapperForm],
  ['google.protobuf.StringValue', wrapperForm],
  ['google.protobuf.UInt32Value', wrapperForm],
  ['google.protobuf.UInt64Value', wrapperForm],
]);

/** The JSON form of a type that has one of its own. */
export function wellKnownJson(typeName: string): JsonForm | undefined {
  return forms.get(typeName);
}

/** The name of the type that a URL of an Any ends in. */
export function typeNameOfUrl(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}

/** A wrapper is its value. */
function wrapperToJson(message: Properties, _: JsonWriteOptions, table: FieldTable): JsonValue {
  const [field] = table.fields;
  if (typeof field?.type !== 'string') throw notWellKnown(table);
  return scalarToJson(field.type, message[field.localName] ?? zeroOf(field), field.jsType);
}

function wrapperFromJson(
  message: Properties,
  json: JsonValue,
  _: JsonReadOptions,
  table: FieldTable,
): void {
  const [field] = table.fields;
  if (typeof field?.type !== 'string') throw notWellKnown(table);
  if (json === null) return;
  message[field.localName] = localInteger64(field, scalarFromJson(field.type, json));
}

function anyToJson(message: Properties, options: JsonWriteOptions): JsonValue {
  const { typeUrl = '', value = noBytes } = message;
  if (typeUrl === '') return {};
  if (typeof typeUrl !== 'string' || !(value instanceof Uint8Array)) {
    throw jsonFault('an Any needs a text as typeUrl and a Uint8Array as value');
  }
  const type = typeOf(typeUrl, options);
  const json = type.toJson(decodeMessage(type, value), options);
  if (forms.has(type.typeName)) return { '@type': typeUrl, value: json };
  return { '@type': typeUrl, ...(json as { [name: string]: JsonValue }) };
}

function anyFromJson(message: Properties, json: JsonValue, options: JsonReadOptions): void {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw jsonFault(`expected an object with "@type", not ${described(json)}`);
  }
  const names = Object.keys(json);
  if (names.length === 0) return;
  const typeUrl = Object.hasOwn(json, '@type') ? json['@type'] : undefined;
  if (typeof typeUrl !== 'string' || typeNameOfUrl(typeUrl) === '') {
    throw jsonFault('an Any needs "@type", the URL of the type that it holds');
  }
  const type = typeOf(typeUrl, options);
  const held = forms.has(type.typeName) ? formOf(json) : fieldsOf(json);
  message.typeUrl = typeUrl;
  message.value = encodeMessage(type, type.fromJson(held, options));
}

function formOf(json: { [name: string]: JsonValue }): JsonValue {
  if (Object.hasOwn(json, 'value')) return json.value as JsonValue;
  throw jsonFault('an Any that holds a well-known type needs "value", its JSON');
}

function fieldsOf(json: { [name: string]: JsonValue }): JsonValue {
  const fields: { [name: string]: JsonValue } = {};
  for (const [name, value] of Object.entries(json)) {
    if (name !== '@type') setOwn(fields, name, value);
  }
  return fields;
}

function typeOf(url: string, options: JsonReadOptions | JsonWriteOptions): MessageType {
  const type = options.registry?.message(typeNameOfUrl(url));
  if (type !== undefined) return type;
  throw jsonFault(`the type ${described(url)} is not in the registry of the options`);
}

function notWellKnown(table: FieldTable): Error {
  return jsonFault(`${table.typeName} is not the well-known type of this name`);
}
