import { encodeStatusDetails } from '../../codec/error-details.ts';
import type { Compressor } from '../../compression/compressor.ts';
import type { OpenOptions, Trailer } from '../../core/call.ts';
import { Metadata } from '../../core/metadata.ts';
import { isReservedName, userAgentName } from '../../core/reserved-names.ts';
import { codeNumber } from '../../core/status.ts';
import { monotonicNow } from '../../core/timer-wheel.ts';
import type { RpcError } from '../../rpc-error.ts';
import { encodeGrpcMessage } from '../fetch/wire/grpc-message.ts';
import { MetadataReader } from '../fetch/wire/headers.ts';
import { writeGrpcTimeout } from '../fetch/wire/timeouts.ts';
import { toUnpaddedBase64 } from '../fetch/wire/unpadded-base64.ts';
import { grpcContentType } from '../http2/grpc/content-type.ts';
import type { HeaderFields } from '../quic/node-quic.ts';

/*
 * gRPC's fields on HTTP/3: those of HTTP/2 (https://github.com/grpc/grpc/blob/master/doc/
 * PROTOCOL-HTTP2.md), as gRFC G2 has it. QPACK and the order of fields are the runtime's affair.
 */

type Fields = Record<string, string | string[]>;

/** The longest `grpc-message` and `grpc-status-details-bin`, in characters: peers take 8 KiB at least. */
const maxStatusChars = 4_096;
const acceptedEncodings = 'gzip,zstd';

/** Of a request. */
export function requestFields(authority: string, path: string, options: OpenOptions): HeaderFields {
  const fields: Fields = {
    ':method': 'POST',
    ':scheme': 'https',
    ':authority': authority,
    ':path': path,
    te: 'trailers',
    'content-type': grpcContentType,
    'grpc-accept-encoding': acceptedEncodings,
    'user-agent': 'zrpc-http3',
  };
  const { compression, deadlineAt, metadata } = options;
  if (compression !== undefined && compression !== 'identity')
    fields['grpc-encoding'] = compression;
  if (deadlineAt !== Number.POSITIVE_INFINITY) {
    const timeout = writeGrpcTimeout(Math.max(1, deadlineAt - monotonicNow()));
    if (timeout !== undefined) fields['grpc-timeout'] = timeout;
  }
  return withMetadata(fields, metadata);
}

/** Of a response. */
export function responseFields(encoding: Compressor | undefined, metadata: Metadata): HeaderFields {
  const fields: Fields = {
    ':status': '200',
    'content-type': grpcContentType,
    'grpc-accept-encoding': acceptedEncodings,
  };
  if (encoding !== undefined) fields['grpc-encoding'] = encoding.name;
  return withMetadata(fields, metadata);
}

/** After the messages of a response. */
export function trailerFields(trailer: Trailer): HeaderFields {
  return withStatus({}, trailer);
}

/** Of a response that ends before its first message. */
export function onlyFields(trailer: Trailer): HeaderFields {
  return withStatus({ ':status': '200', 'content-type': grpcContentType }, trailer);
}

/** The answer to a request that is not gRPC: an HTTP status, and what gRPC would say. */
export function httpErrorFields(status: number, error: RpcError): HeaderFields {
  const fields = { ':status': String(status), 'content-type': grpcContentType };
  return withStatus(fields, { error, metadata: Metadata.empty });
}

/** The value of a field that comes once; of several the first. */
export function fieldOf(fields: HeaderFields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' || value === undefined ? value : value[0];
}

/**
 * What is neither HTTP's nor gRPC's own.
 * @throws RpcError resource_exhausted above `maxBytes`, invalid_argument for bytes that are no base64.
 */
export function metadataOf(fields: HeaderFields, maxBytes: number): Metadata {
  const reader = new MetadataReader(maxBytes);
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || name.startsWith(':')) continue;
    if (isReservedName(name)) continue;
    if (typeof value === 'string') reader.take(name, value);
    else for (const one of value) reader.take(name, one);
  }
  return reader.metadata;
}

function withStatus(fields: Fields, { error, metadata }: Trailer): HeaderFields {
  fields['grpc-status'] = String(error === undefined ? 0 : codeNumber(error.code));
  if (error !== undefined) {
    const message = statusMessage(error.message);
    if (message !== '') fields['grpc-message'] = message;
    const details = encodeStatusDetails(error);
    const text = details === undefined ? '' : toUnpaddedBase64(details);
    if (text !== '' && text.length <= 2 * maxStatusChars) fields['grpc-status-details-bin'] = text;
  }
  return withMetadata(fields, metadata);
}

/** Cut where it is too long. A field must not begin or end with a space. */
function statusMessage(message: string): string {
  let text = message.slice(0, maxStatusChars);
  let encoded = encodeGrpcMessage(text);
  while (encoded.length > maxStatusChars) {
    text = text.slice(0, text.length / 2);
    encoded = encodeGrpcMessage(text);
  }
  return encoded.replace(/^ | $/g, '%20');
}

function withMetadata(fields: Fields, metadata: Metadata): HeaderFields {
  if (metadata.size === 0) return fields;
  for (const [name, value] of metadata) {
    if (isReservedName(name) || name === userAgentName) continue;
    const text = typeof value === 'string' ? value.trim() : toUnpaddedBase64(value);
    const before = fields[name];
    if (before === undefined) fields[name] = text;
    else if (typeof before === 'string') fields[name] = [before, text];
    else before.push(text);
  }
  return fields;
}
