import { fromBase64 } from '../../../codec/base64.ts';
import { decodeStatusDetails, encodeStatusDetails } from '../../../codec/error-details.ts';
import type { TypeRegistry } from '../../../codec/type-registry.ts';
import type { Trailer } from '../../../core/call.ts';
import { isReservedName } from '../../../core/reserved-names.ts';
import { codeNumber, codeOfNumber } from '../../../core/status.ts';
import { RpcError } from '../../../rpc-error.ts';
import { decodeGrpcMessage, encodeGrpcMessage } from './grpc-message.ts';
import { MetadataReader } from './headers.ts';
import { toUnpaddedBase64 } from './unpadded-base64.ts';

const utf8 = new TextEncoder();
const fromUtf8 = new TextDecoder();

/**
 * The last envelope of a gRPC-Web stream: lines as of HTTP/1.1, names in lower case.
 * Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md.
 */
export function writeGrpcTrailer(trailer: Trailer, registry?: TypeRegistry): Uint8Array {
  const { error, metadata } = trailer;
  let text = `grpc-status: ${error === undefined ? 0 : codeNumber(error.code)}\r\n`;
  if (error !== undefined) {
    if (error.message !== '') text += `grpc-message: ${encodeGrpcMessage(error.message)}\r\n`;
    const details = encodeStatusDetails(wellFormed(error), registry);
    if (details) text += `grpc-status-details-bin: ${toUnpaddedBase64(details)}\r\n`;
  }
  for (const [name, value] of metadata) {
    if (isReservedName(name)) continue;
    text += `${name}: ${typeof value === 'string' ? value : toUnpaddedBase64(value)}\r\n`;
  }
  return utf8.encode(text);
}

/**
 * Reads it back.
 * @throws RpcError internal where it has no status, resource_exhausted for metadata above
 * `maxMetadataBytes`.
 */
export function readGrpcTrailer(
  bytes: Uint8Array,
  maxMetadataBytes: number,
  registry?: TypeRegistry,
): Trailer {
  const fields = new Map<string, string>();
  const reader = new MetadataReader(maxMetadataBytes);
  for (const line of fromUtf8.decode(bytes).split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (isReservedName(name)) fields.set(name, value);
    else reader.take(name, value);
  }
  const error = readGrpcStatus(fields, registry);
  if (error === 'none')
    throw new RpcError('internal', 'the trailer of the call has no grpc-status');
  return { error, metadata: reader.metadata };
}

/**
 * What `grpc-status`, `grpc-message` and `grpc-status-details-bin` say: an error, undefined for OK,
 * `none` where there is no status.
 */
export function readGrpcStatus(
  fields: { get(name: string): string | null | undefined },
  registry?: TypeRegistry,
): RpcError | undefined | 'none' {
  const status = fields.get('grpc-status');
  if (status === null || status === undefined) return 'none';
  if (status === '0') return undefined;
  const code = /^[0-9]{1,3}$/.test(status) ? codeOfNumber(Number(status)) : 'unknown';
  const message = decodeGrpcMessage(fields.get('grpc-message') ?? '');
  const details = fromBase64(fields.get('grpc-status-details-bin') ?? '');
  return new RpcError(code, message, { details: decodeStatusDetails(details, registry) });
}

/** Protobuf has no text with a lone surrogate. */
function wellFormed(error: RpcError): RpcError {
  if (error.message.isWellFormed()) return error;
  return new RpcError(error.code, error.message.toWellFormed(), { details: error.details });
}
