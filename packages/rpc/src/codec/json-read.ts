import { setExtension } from './extension.ts';
import { type Field, type FieldTable, isEnumType } from './field-table.ts';
import type { Properties } from './field-value.ts';
import { described, entrySegment, jsonFault, jsonFaultAt } from './json-fault.ts';
import {
  enumFromJson,
  localInteger64,
  mapKeyFromJson,
  scalarFromJson,
  takesNull,
} from './json-scalars.ts';
import type { JsonReadOptions, JsonValue } from './json-value.ts';
import { setOwn } from './record.ts';

/** Fills a message that has no JSON form of its own. */
export function fieldsFromJson(
  table: FieldTable,
  message: Properties,
  json: JsonValue,
  options: JsonReadOptions,
): void {
  const object = objectOf(json);
  const seen = new Set<Field | string>();
  for (const name of Object.keys(object)) {
    const value = object[name] as JsonValue;
    const field = table.byJsonName.get(name);
    try {
      if (field !== undefined) readField(message, field, value, seen, options);
      else readUnknown(table, message, name, value, options);
    } catch (error) {
      throw jsonFaultAt(name, error);
    }
  }
}

/** A field's whole value; undefined for an enum's unknown name that is to be ignored. */
function fieldValueFromJson(field: Field, json: JsonValue, options: JsonReadOptions): unknown {
  switch (field.label) {
    case 'repeated':
      return listFromJson(field, json, options);
    case 'map':
      return mapFromJson(field, json, options);
    default:
      return singleFromJson(field, json, options);
  }
}

function readField(
  message: Properties,
  field: Field,
  json: JsonValue,
  seen: Set<Field | string>,
  options: JsonReadOptions,
): void {
  if (seen.has(field)) throw jsonFault('the field is there twice, by both of its names');
  seen.add(field);
  const isSingle = field.label !== 'repeated' && field.label !== 'map';
  if (json === null && !(isSingle && takesNull(field))) return;
  if (field.oneof !== undefined) {
    if (seen.has(field.oneof))
      throw jsonFault(`another field of the oneof ${field.oneof} is set, too`);
    seen.add(field.oneof);
  }
  const value = fieldValueFromJson(field, json, options);
  if (value === undefined) return;
  if (field.oneof === undefined) message[field.localName] = value;
  else message[field.oneof] = { case: field.localName, value };
}

function readUnknown(
  table: FieldTable,
  message: object,
  name: string,
  json: JsonValue,
  options: JsonReadOptions,
): void {
  if (name.startsWith('[') && name.endsWith(']')) {
    const extension = options.registry?.extension(name.slice(1, -1));
    if (extension?.extendee === table.typeName) {
      setExtension(message, extension, fieldValueFromJson(extension.field, json, options));
      return;
    }
  }
  if (!options.ignoreUnknownFields) throw jsonFault('the message has no such field');
}

function objectOf(json: JsonValue): { [name: string]: JsonValue } {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json;
  throw jsonFault(`expected an object, not ${described(json)}`);
}

function listFromJson(field: Field, json: JsonValue, options: JsonReadOptions): unknown[] {
  if (!Array.isArray(json)) throw jsonFault(`expected an array, not ${described(json)}`);
  const list: unknown[] = [];
  for (let i = 0; i < json.length; i++) {
    try {
      const value = elementFromJson(field, json[i] as JsonValue, options);
      if (value !== undefined) list.push(value);
    } catch (error) {
      throw jsonFaultAt(`[${i}]`, error);
    }
  }
  return list;
}

function mapFromJson(
  field: Field,
  json: JsonValue,
  options: JsonReadOptions,
): Record<string, unknown> {
  const map: Record<string, unknown> = {};
  for (const [name, element] of Object.entries(objectOf(json))) {
    try {
      const key = mapKeyFromJson(field.key ?? 'string', name);
      if (Object.hasOwn(map, key)) throw jsonFault('another key has the same value');
      const value = elementFromJson(field, element, options);
      if (value !== undefined) setOwn(map, key, value);
    } catch (error) {
      throw jsonFaultAt(entrySegment(name), error);
    }
  }
  return map;
}

function elementFromJson(field: Field, json: JsonValue, options: JsonReadOptions): unknown {
  if (json === null && !takesNull(field)) throw jsonFault('null is no element of a list or a map');
  return singleFromJson(field, json, options);
}

function singleFromJson(field: Field, json: JsonValue, options: JsonReadOptions): unknown {
  const { type } = field;
  if (typeof type === 'string') return localInteger64(field, scalarFromJson(type, json));
  if (isEnumType(type)) return enumFromJson(type, json, options.ignoreUnknownFields ?? false);
  return type.fromJson(json, options);
}
