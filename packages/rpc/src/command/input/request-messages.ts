import type { DescMessage } from '@bufbuild/protobuf';
import { dynamicMessageType } from '../../codec/dynamic.ts';
import type { JsonValue } from '../../codec/json-value.ts';
import { typeNameOfUrl } from '../../codec/well-known-json.ts';
import { RpcError } from '../../rpc-error.ts';
import type { Schema } from '../schema/schema.ts';
import type { JsonPiece } from './json-splitter.ts';
import { parseJson } from './parse-json.ts';
import type { RequestSource } from './request-source.ts';
import { checkNames } from './unknown-names.ts';

/**
 * The messages of a source, each read when it is asked for.
 * @throws RpcError invalid_argument that says where in the source the fault is.
 */
export async function* requestMessages(
  desc: DescMessage,
  source: RequestSource,
  schema: Schema,
): AsyncGenerator<object> {
  for await (const piece of source.pieces())
    yield await messageOf(desc, piece, source.name, schema);
}

/**
 * The one message of a source; without any value, an empty one.
 * @throws RpcError as `requestMessages`; invalid_argument for more than one.
 */
export async function onlyMessage(
  desc: DescMessage,
  source: RequestSource,
  schema: Schema,
): Promise<object> {
  let message: object | undefined;
  for await (const piece of source.pieces()) {
    if (message !== undefined) {
      throw new RpcError(
        'invalid_argument',
        `${source.name}:${piece.line}:${piece.column}: a second message begins here; the method takes one`,
      );
    }
    message = await messageOf(desc, piece, source.name, schema);
  }
  return message ?? dynamicMessageType(desc).create();
}

async function messageOf(
  desc: DescMessage,
  piece: JsonPiece,
  source: string,
  schema: Schema,
): Promise<object> {
  const json = parseJson(piece, source);
  try {
    checkNames(desc, json);
    for (const url of typeUrlsIn(json)) await schema.lookUp(typeNameOfUrl(url));
    return dynamicMessageType(desc).fromJson(json, { registry: schema.types });
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    const place =
      piece.line === 1 && piece.column === 1 ? source : `${source}:${piece.line}:${piece.column}`;
    throw new RpcError(error.code, `${place}: ${error.message}`, { cause: error });
  }
}

/** What messages of `google.protobuf.Any` hold, whose types the method does not name. */
function typeUrlsIn(json: JsonValue): string[] {
  const urls: string[] = [];
  const pending = [json];
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (typeof value !== 'object' || value === null) continue;
    if (!Array.isArray(value) && typeof value['@type'] === 'string') urls.push(value['@type']);
    pending.push(...Object.values(value));
  }
  return urls;
}
