import type { DescMessage } from '@bufbuild/protobuf';
import { dynamicMessageType } from '../../codec/dynamic.ts';
import type { JsonValue } from '../../codec/json-value.ts';
import { wellKnownJson } from '../../codec/well-known-json.ts';
import type { Schema } from '../schema/schema.ts';
import { messageFromJson } from './message-from-json.ts';

/** What of a request must be as it says: undefined for a field that must be absent. */
export type RequestPattern =
  | Exclude<JsonValue, object>
  | readonly RequestPattern[]
  | { readonly [name: string]: RequestPattern | undefined };

/**
 * The pattern of the JSON that an example has as its `request`: the named fields, in the form in which
 * `requestJson` writes them. A field that is `null` must be absent; elements of lists count one by one.
 * @throws RpcError invalid_argument for JSON that is no such message.
 */
export function requestPattern(desc: DescMessage, json: JsonValue, schema: Schema): RequestPattern {
  const message = messageFromJson(desc, json, schema);
  return namedOnly(desc, json, requestJson(desc, message, schema));
}

/** The JSON of a request, as patterns are compared with it: also fields that have their default. */
export function requestJson(desc: DescMessage, message: object, { types }: Schema): JsonValue {
  return dynamicMessageType(desc).toJson(message, { registry: types, alwaysEmitImplicit: true });
}

/** Whether the request has all that the pattern names. */
export function matches(pattern: RequestPattern | undefined, json: JsonValue | undefined): boolean {
  if (typeof pattern !== 'object' || pattern === null) return pattern === json;
  if (typeof json !== 'object' || json === null) return false;
  if (Array.isArray(pattern)) {
    const isSameLength = Array.isArray(json) && json.length === pattern.length;
    return isSameLength && pattern.every((element, i) => matches(element, json[i]));
  }
  if (Array.isArray(json)) return false;
  return Object.entries(pattern).every(([name, value]) =>
    matches(value, Object.hasOwn(json, name) ? json[name] : undefined),
  );
}

/** Of the whole JSON what `named` names, by either name of a field. */
function namedOnly(desc: DescMessage, named: JsonValue, whole: JsonValue): RequestPattern {
  if (!isRecord(named) || !isRecord(whole) || wellKnownJson(desc.typeName) !== undefined) {
    return whole;
  }
  const pattern: Record<string, RequestPattern | undefined> = {};
  for (const [name, value] of Object.entries(named)) {
    const field = desc.fields.find((each) => each.jsonName === name || each.name === name);
    const key = field?.jsonName ?? name;
    const found = Object.hasOwn(whole, key) ? whole[key] : undefined;
    if (found === undefined || field?.message === undefined) pattern[key] = found;
    else if (field.fieldKind === 'message') pattern[key] = namedOnly(field.message, value, found);
    else pattern[key] = namedInEach(field.message, value, found);
  }
  return pattern;
}

/** The same for the messages of a list or a map. */
function namedInEach(desc: DescMessage, named: JsonValue, whole: JsonValue): RequestPattern {
  if (Array.isArray(named) && Array.isArray(whole)) {
    return whole.map((element, i) => namedOnly(desc, named[i] ?? null, element));
  }
  if (!isRecord(named) || !isRecord(whole)) return whole;
  return Object.fromEntries(
    Object.entries(whole).map(([key, value]) => [key, namedOnly(desc, named[key] ?? null, value)]),
  );
}

function isRecord(json: JsonValue): json is { [name: string]: JsonValue } {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
