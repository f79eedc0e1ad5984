import { getExtension, unknownNumbers } from './extension.ts';
import { type Field, type FieldTable, isEnumType } from './field-table.ts';
import { fieldValue, isDefault, type Properties, zeroOf } from './field-value.ts';
import { described, entrySegment, jsonFault, jsonFaultAt } from './json-fault.ts';
import { enumToJson, scalarToJson } from './json-scalars.ts';
import type { JsonValue, JsonWriteOptions } from './json-value.ts';
import { setOwn } from './record.ts';
import type { TypeRegistry } from './type-registry.ts';

type JsonObject = { [name: string]: JsonValue };

/** The JSON of a message that has no form of its own, fields in the order of their numbers. */
export function fieldsToJson(
  table: FieldTable,
  message: Properties,
  options: JsonWriteOptions,
): JsonValue {
  const json: JsonObject = {};
  for (const field of table.fields) {
    try {
      const value = fieldToJson(field, message, options);
      if (value !== undefined) {
        setOwn(json, options.useProtoFieldName ? field.name : field.jsonName, value);
      }
    } catch (error) {
      throw jsonFaultAt(field.localName, error);
    }
  }
  if (options.registry !== undefined) {
    extensionsToJson(table.typeName, message, json, options.registry, options);
  }
  return json;
}

/** The JSON of a field's whole value; undefined for an empty list or map that is not written. */
function fieldValueToJson(
  field: Field,
  value: unknown,
  options: JsonWriteOptions,
): JsonValue | undefined {
  switch (field.label) {
    case 'repeated':
      return listToJson(field, value, options);
    case 'map':
      return mapToJson(field, value, options);
    default:
      return singleToJson(field, value, options);
  }
}

function extensionsToJson(
  typeName: string,
  message: object,
  json: JsonObject,
  registry: TypeRegistry,
  options: JsonWriteOptions,
): void {
  for (const number of unknownNumbers(message)) {
    const extension = registry.extensionOf(typeName, number);
    if (extension === undefined) continue;
    const value = fieldValueToJson(extension.field, getExtension(message, extension), options);
    if (value !== undefined) setOwn(json, `[${extension.typeName}]`, value);
  }
}

/** Undefined for what is left out. */
function fieldToJson(
  field: Field,
  message: Properties,
  options: JsonWriteOptions,
): JsonValue | undefined {
  const value = fieldValue(field, message);
  switch (field.label) {
    case 'implicit':
      if (value === undefined || isDefault(field, value)) {
        if (!options.alwaysEmitImplicit) return undefined;
        return singleToJson(field, value ?? zeroOf(field), options);
      }
      return singleToJson(field, value, options);
    case 'required':
      if (value === undefined) throw jsonFault('a required field is missing');
      return singleToJson(field, value, options);
    case 'optional':
      return value === undefined ? undefined : singleToJson(field, value, options);
    case 'repeated':
      return listToJson(field, value ?? [], options);
    case 'map':
      return mapToJson(field, value ?? {}, options);
  }
}

function listToJson(field: Field, list: unknown, options: JsonWriteOptions): JsonValue | undefined {
  if (!Array.isArray(list)) throw jsonFault(`expected an array, not ${described(list)}`);
  if (list.length === 0 && !options.alwaysEmitImplicit) return undefined;
  const json: JsonValue[] = [];
  for (let i = 0; i < list.length; i++) {
    try {
      json.push(singleToJson(field, list[i], options));
    } catch (error) {
      throw jsonFaultAt(`[${i}]`, error);
    }
  }
  return json;
}

function mapToJson(field: Field, map: unknown, options: JsonWriteOptions): JsonValue | undefined {
  if (typeof map !== 'object' || map === null) {
    throw jsonFault(`expected an object, not ${described(map)}`);
  }
  const json: JsonObject = {};
  let isEmpty = true;
  for (const [key, value] of Object.entries(map)) {
    if (value === undefined) continue;
    isEmpty = false;
    try {
      setOwn(json, key, singleToJson(field, value, options));
    } catch (error) {
      throw jsonFaultAt(entrySegment(key), error);
    }
  }
  return isEmpty && !options.alwaysEmitImplicit ? undefined : json;
}

function singleToJson(field: Field, value: unknown, options: JsonWriteOptions): JsonValue {
  const { type } = field;
  if (typeof type === 'string') return scalarToJson(type, value, field.jsType);
  if (isEnumType(type)) return enumToJson(type, value, options.enumAsInteger ?? false);
  if (typeof value === 'object' && value !== null) return type.toJson(value, options);
  throw jsonFault(`expected a message ${type.typeName}, not ${described(value)}`);
}
