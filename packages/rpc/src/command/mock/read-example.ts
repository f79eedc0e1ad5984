import type { DescMethod } from '@bufbuild/protobuf';
import { fromBase64 } from '../../codec/base64.ts';
import { errorDetail } from '../../codec/error-details.ts';
import type { JsonValue } from '../../codec/json-value.ts';
import { typeNameOfUrl } from '../../codec/well-known-json.ts';
import { Metadata } from '../../core/metadata.ts';
import * as standardDetails from '../../gen/google/rpc/error_details_pb.ts';
import { type ErrorDetail, RpcError } from '../../rpc-error.ts';
import { parseDurationMs } from '../duration.ts';
import { answersStream } from '../exchange.ts';
import { didYouMean } from '../nearest.ts';
import type { Schema } from '../schema/schema.ts';
import { codeOf } from './code-of.ts';
import type { Example } from './example.ts';
import type { RawExample } from './example-file.ts';
import { messageFromJson } from './message-from-json.ts';
import { requestPattern } from './request-pattern.ts';

const members = [
  'request',
  'response',
  'responses',
  'error',
  'header',
  'trailer',
  'delay',
  'interval',
];

type JsonObject = { [name: string]: JsonValue };

/**
 * An example, with its messages checked against the method's types.
 * @throws RpcError invalid_argument that says where in which file what is wrong.
 */
export function readExample(method: DescMethod, raw: RawExample, schema: Schema): Example {
  try {
    return exampleOf(method, raw, schema);
  } catch (cause) {
    if (!(cause instanceof RpcError)) throw cause;
    throw new RpcError(cause.code, `${raw.origin}: ${cause.message}`, { cause });
  }
}

function exampleOf(method: DescMethod, { json, origin }: RawExample, schema: Schema): Example {
  if (!isObject(json)) throw wrong('an example must be a table, with response, responses or error');
  const surplus = Object.keys(json).find((name) => !members.includes(name));
  if (surplus !== undefined) {
    const hint = didYouMean(surplus, members) || `, it has ${members.join(', ')}`;
    throw wrong(`an example has no member ${surplus}${hint}; a message stands under response`);
  }
  const { request, error, header, trailer, delay, interval } = json;
  const responses = responsesOf(method, json, schema);
  return {
    origin,
    responses,
    header: metadataOf('header', header),
    trailer: metadataOf('trailer', trailer),
    ...(request === undefined
      ? {}
      : { request: within('request', () => requestPattern(method.input, request, schema)) }),
    ...(error === undefined ? {} : { error: errorOf(error, schema) }),
    ...(delay === undefined ? {} : { delayMs: durationOf('delay', delay) }),
    ...(interval === undefined ? {} : { intervalMs: durationOf('interval', interval) }),
  };
}

function responsesOf(method: DescMethod, json: JsonObject, schema: Schema): object[] {
  const { response, responses, error } = json;
  if (response !== undefined && responses !== undefined) {
    throw wrong('there are response and responses: one of them is enough');
  }
  const messageOf = (value: JsonValue, at: string): object =>
    within(at, () => messageFromJson(method.output, value, schema));
  if (responses !== undefined) {
    if (!Array.isArray(responses)) throw wrong('responses: it must be a list of messages');
    if (!answersStream(method)) {
      throw wrong(`responses: ${method.name} answers with one message, under response`);
    }
    return responses.map((each, i) => messageOf(each, `responses[${i}]`));
  }
  if (response !== undefined) {
    if (error !== undefined && !answersStream(method)) {
      throw wrong(`${method.name} answers with a response or with an error, not with both`);
    }
    return [messageOf(response, 'response')];
  }
  if (error === undefined) throw wrong('an example needs a response, responses or an error');
  return [];
}

function errorOf(json: JsonValue, schema: Schema): RpcError {
  if (typeof json === 'string' || typeof json === 'number') {
    return new RpcError(codeOf('error', String(json)), 'the example says so');
  }
  if (!isObject(json)) throw wrong('error: it must be a code, or a table with code and message');
  const { code, message = '', details = [], ...rest } = json;
  const [surplus] = Object.keys(rest);
  if (surplus !== undefined) throw wrong(`error: it has code, message and details, no ${surplus}`);
  if (typeof code !== 'string' && typeof code !== 'number')
    throw wrong('error.code: it is missing');
  if (!Array.isArray(details)) throw wrong('error.details: it must be a list');
  return new RpcError(codeOf('error.code', String(code)), String(message), {
    details: details.map((detail, i) =>
      within(`error.details[${i}]`, () => detailOf(detail, schema)),
    ),
  });
}

/** As in the JSON of an Any. */
function detailOf(json: JsonValue, schema: Schema): ErrorDetail {
  const { '@type': url, ...fields } = isObject(json) ? json : {};
  if (typeof url !== 'string') {
    throw wrong('it needs "@type", such as type.googleapis.com/google.rpc.ErrorInfo');
  }
  const name = typeNameOfUrl(url);
  const standard = Object.values(standardDetails).find(
    (each) => 'typeName' in each && each.typeName === name,
  );
  const type = standard ?? schema.types.message(name);
  if (type === undefined || !('fromJson' in type)) throw wrong(`${name} is no type that is known`);
  return errorDetail(type, type.fromJson(fields, { registry: schema.types }));
}

function metadataOf(name: string, json: JsonValue | undefined): Metadata {
  if (json === undefined) return Metadata.empty;
  if (!isObject(json)) throw wrong(`${name}: it must be a table of names and values`);
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(json)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      const text = String(one);
      const bytes = key.toLowerCase().endsWith('-bin') ? fromBase64(text) : undefined;
      within(name, () => metadata.append(key, bytes ?? text));
    }
  }
  return metadata;
}

function durationOf(name: string, json: JsonValue): number {
  return json === 0 || json === '0' ? 0 : parseDurationMs(name, String(json));
}

/** Puts the place before what is wrong there. */
function within<T>(place: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof RpcError)) throw cause;
    throw new RpcError(cause.code, `${place}: ${cause.message}`, { cause });
  }
}

function isObject(json: JsonValue): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function wrong(message: string): RpcError {
  return new RpcError('invalid_argument', message);
}
