import type { TypeRegistry } from '../../../codec/type-registry.ts';
import type { Trailer } from '../../../core/call.ts';
import type { Metadata } from '../../../core/metadata.ts';
import { isReservedName } from '../../../core/reserved-names.ts';
import { RpcError } from '../../../rpc-error.ts';
import { connectErrorFromJson, connectErrorToJson } from './connect-error.ts';
import { MetadataReader } from './headers.ts';
import { toUnpaddedBase64 } from './unpadded-base64.ts';

const utf8 = new TextEncoder();
const fromUtf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * The last envelope of a Connect stream, as JSON.
 * Source: https://connectrpc.com/docs/protocol#error-end-stream.
 */
export function writeEndStream(trailer: Trailer, registry?: TypeRegistry): Uint8Array {
  const { error, metadata } = trailer;
  const json: Record<string, unknown> = {};
  if (error !== undefined) json.error = connectErrorToJson(error, registry);
  if (metadata.size > 0) json.metadata = metadataToJson(metadata);
  return utf8.encode(JSON.stringify(json));
}

/**
 * Reads it back.
 * @throws RpcError internal for what is no end of a stream, resource_exhausted for metadata above
 * `maxMetadataBytes`.
 */
export function readEndStream(
  bytes: Uint8Array,
  maxMetadataBytes: number,
  registry?: TypeRegistry,
): Trailer {
  const json = parse(bytes);
  const reader = new MetadataReader(maxMetadataBytes);
  for (const [name, values] of Object.entries(json.metadata ?? {})) {
    if (!Array.isArray(values)) throw malformed(`metadata.${name} is not a list`);
    for (const value of values) {
      if (typeof value !== 'string') throw malformed(`metadata.${name} holds what is not a text`);
      const lower = name.toLowerCase();
      if (!isReservedName(lower)) reader.take(lower, value);
    }
  }
  const hasError = json.error !== undefined && json.error !== null;
  const error = hasError
    ? connectErrorFromJson(json.error, 'unknown', 'the server names no reason', registry)
    : undefined;
  return { error, metadata: reader.metadata };
}

function parse(bytes: Uint8Array): { readonly error?: unknown; readonly metadata?: object } {
  let json: unknown;
  try {
    json = JSON.parse(fromUtf8.decode(bytes));
  } catch (cause) {
    throw malformed('it is not JSON', cause);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw malformed('it is not an object');
  }
  if ('metadata' in json) {
    const { metadata } = json;
    if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) {
      throw malformed('metadata is not an object');
    }
  }
  return json;
}

function metadataToJson(metadata: Metadata): Record<string, string[]> {
  const json: Record<string, string[]> = Object.create(null);
  for (const [name, value] of metadata) {
    if (isReservedName(name)) continue;
    json[name] ??= [];
    json[name].push(typeof value === 'string' ? value : toUnpaddedBase64(value));
  }
  return json;
}

function malformed(what: string, cause?: unknown): RpcError {
  return new RpcError('internal', `the end of the stream is malformed: ${what}`, { cause });
}
