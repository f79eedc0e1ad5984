import type { Oneof, Properties } from './field-value.ts';
import { described, entrySegment, jsonFault, jsonFaultAt, mapOneMessage } from './json-fault.ts';
import type { JsonForm } from './json-form.ts';
import { scalarFromJson } from './json-scalars.ts';
import type { JsonValue } from './json-value.ts';
import { setOwn } from './record.ts';

type JsonObject = { [name: string]: JsonValue };

const valueName = 'google.protobuf.Value';

/** `google.protobuf.Struct` is the object. */
export const structForm: JsonForm = {
  write: (message) => structToJson(message),
  read: (message, json) => {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      throw jsonFault(`expected an object, not ${described(json)}`);
    }
    message.fields = structFields(json);
  },
};

/** `google.protobuf.ListValue` is the array. */
export const listValueForm: JsonForm = {
  write: (message) => listToJson(message),
  read: (message, json) => {
    if (!Array.isArray(json)) throw jsonFault(`expected an array, not ${described(json)}`);
    message.values = listValues(json);
  },
};

/** `google.protobuf.Value` is the value. */
export const valueForm: JsonForm = {
  write: (message) => kindToJson(message),
  read: (message, json) => {
    message.kind = kindOf(json);
  },
};

function structToJson(message: Properties): JsonValue {
  const json: JsonObject = {};
  for (const [name, value] of Object.entries(message.fields ?? {})) {
    try {
      setOwn(json, name, valueToJson(value as Properties));
    } catch (error) {
      throw jsonFaultAt(entrySegment(name), error);
    }
  }
  return json;
}

function listToJson(message: Properties): JsonValue {
  const values = (message.values ?? []) as readonly Properties[];
  return values.map((value, i) => {
    try {
      return valueToJson(value);
    } catch (error) {
      throw jsonFaultAt(`[${i}]`, error);
    }
  });
}

/** One level deeper. */
function valueToJson(message: Properties): JsonValue {
  return mapOneMessage(valueName, () => kindToJson(message));
}

function kindToJson(message: Properties): JsonValue {
  const kind = message.kind as Oneof | undefined;
  const value = kind?.value;
  switch (kind?.case) {
    case 'nullValue':
      return null;
    case 'numberValue':
      if (typeof value === 'number' && Number.isFinite(value)) return value;
      break;
    case 'stringValue':
      if (typeof value === 'string') return value;
      break;
    case 'boolValue':
      if (typeof value === 'boolean') return value;
      break;
    case 'structValue':
      return structToJson(value as Properties);
    case 'listValue':
      return listToJson(value as Properties);
    default:
      throw jsonFault(`a ${valueName} without a kind has no JSON`);
  }
  throw jsonFault(`${described(value)} is no ${kind.case} that JSON has`);
}

function structFields(json: JsonObject): Record<string, object> {
  const fields: Record<string, object> = {};
  for (const [name, value] of Object.entries(json)) {
    try {
      setOwn(fields, name, valueFromJson(value));
    } catch (error) {
      throw jsonFaultAt(entrySegment(name), error);
    }
  }
  return fields;
}

function listValues(json: readonly JsonValue[]): object[] {
  return json.map((value, i) => {
    try {
      return valueFromJson(value);
    } catch (error) {
      throw jsonFaultAt(`[${i}]`, error);
    }
  });
}

/** One level deeper. */
function valueFromJson(json: JsonValue): object {
  return mapOneMessage(valueName, () => ({ kind: kindOf(json), $unknown: undefined }));
}

function kindOf(json: JsonValue): Oneof {
  if (json === null) return { case: 'nullValue', value: 0 };
  switch (typeof json) {
    case 'number':
      return { case: 'numberValue', value: scalarFromJson('double', json) };
    case 'string':
      return { case: 'stringValue', value: scalarFromJson('string', json) };
    case 'boolean':
      return { case: 'boolValue', value: json };
    case 'object':
      break;
    default:
      throw jsonFault(`${described(json)} is no JSON`);
  }
  if (Array.isArray(json)) {
    return { case: 'listValue', value: { values: listValues(json), $unknown: undefined } };
  }
  return { case: 'structValue', value: { fields: structFields(json), $unknown: undefined } };
}
