import type { DescField, DescMessage, DescMethod } from '@bufbuild/protobuf';
import { dynamicMessageType } from '../../codec/dynamic.ts';
import type { JsonValue } from '../../codec/json-value.ts';
import { wellKnownJson } from '../../codec/well-known-json.ts';
import { answersStream } from '../exchange.ts';
import type { Schema } from '../schema/schema.ts';
import { fakeMessage } from './fake-message.ts';
import { SeededRandom } from './seeded-random.ts';

export interface FakeAnswerOptions {
  readonly schema: Schema;
  readonly seed: string;
  readonly request: JsonValue;
  /** Which one of a stream it is, from 0. */
  readonly index: number;
}

/**
 * A response that nobody has written: a fake, the same for the same request and seed. What the request
 * says and the response can hold as well is said again, as a server would: a created order is the one
 * that was sent, a found one has the id that was asked for. Responses of a stream differ, so that they
 * repeat nothing unless requests come one by one as well.
 */
export function fakeAnswer(
  method: DescMethod,
  { schema, seed, request, index }: FakeAnswerOptions,
): object {
  const path = `${method.parent.typeName}/${method.name}`;
  const random = new SeededRandom(seed, path, JSON.stringify(request), index);
  const { output } = method;
  let json = fakeMessage(output, { random, anyTypes: anyTypesOf(schema) });
  const isOneOfMany = answersStream(method) && method.methodKind !== 'bidi_streaming';
  if (!isOneOfMany) json = withEcho(method, json, request);
  return dynamicMessageType(output).fromJson(json, { registry: schema.types });
}

/** The messages that the schema itself declares, which clients know by its reflection. */
function anyTypesOf(schema: Schema): readonly DescMessage[] {
  const [registry] = schema.registries;
  if (registry === undefined) return [];
  const known = anyTypes.get(registry);
  if (known !== undefined) return known;
  const types = [...registry].filter(
    (type) =>
      type.kind === 'message' &&
      type.fields.length > 0 &&
      !type.typeName.startsWith('google.protobuf.') &&
      !/(?:Request|Response)$/.test(type.name),
  ) as DescMessage[];
  anyTypes.set(registry, types);
  return types;
}

const anyTypes = new WeakMap<object, readonly DescMessage[]>();

function withEcho({ input, output }: DescMethod, answer: JsonValue, request: JsonValue): JsonValue {
  if (!isRecord(answer) || !isRecord(request)) return answer;
  if (wellKnownJson(output.typeName) !== undefined) return answer;
  const echoed = { ...answer };
  const resource = input.fields.find(
    (field) => field.fieldKind === 'message' && field.message === output,
  );
  const sent = resource === undefined ? undefined : request[resource.jsonName];
  for (const field of output.fields) {
    const { jsonName } = field;
    const ofResource = sent !== undefined && isRecord(sent) ? sent[jsonName] : undefined;
    const ofRequest = input.fields.some((each) => isSame(each, field))
      ? request[jsonName]
      : undefined;
    const said = [ofResource, ofRequest].find((value) => isSaid(field, value));
    if (said !== undefined) put(echoed, field, said);
  }
  return echoed;
}

/** A default says nothing where fields have no presence. */
function isSaid(field: DescField, value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === '' || value === false) return false;
  if (field.fieldKind === 'enum' && value === field.enum.values[0]?.name) return false;
  if (value === 0 || value === '0') return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

function isSame(left: DescField, right: DescField): boolean {
  return (
    left.jsonName === right.jsonName &&
    left.fieldKind === right.fieldKind &&
    left.scalar === right.scalar &&
    left.message === right.message &&
    left.enum === right.enum
  );
}

/** Sets a field; others of its oneof are no longer there. */
function put(json: { [name: string]: JsonValue }, field: DescField, value: JsonValue): void {
  for (const other of field.oneof?.fields ?? []) delete json[other.jsonName];
  json[field.jsonName] = value;
}

function isRecord(json: JsonValue): json is { [name: string]: JsonValue } {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
