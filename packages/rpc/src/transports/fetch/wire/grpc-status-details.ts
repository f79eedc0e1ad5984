import { Reader } from '../../../codec/reader.ts';
import { Writer } from '../../../codec/writer.ts';
import { codeNumber } from '../../../core/status.ts';
import type { ErrorDetail, RpcError } from '../../../rpc-error.ts';
import { detailOfBytes, detailToBytes } from './error-details.ts';

/** Fields of `google.rpc.Status` and `google.protobuf.Any`, as tags. */
const statusCode = (1 << 3) | 0;
const statusMessage = (2 << 3) | 2;
const statusDetails = (3 << 3) | 2;
const anyTypeUrl = (1 << 3) | 2;
const anyValue = (2 << 3) | 2;

const typeUrlPrefix = 'type.googleapis.com/';

/** More details than this are not read. */
const maxDetails = 100;

/**
 * The `google.rpc.Status` of `grpc-status-details-bin`; undefined for an error without details.
 * Source: https://github.com/googleapis/googleapis/blob/master/google/rpc/status.proto.
 */
export function writeStatusDetails(error: RpcError): Uint8Array | undefined {
  if (error.details.length === 0) return undefined;
  const writer = new Writer();
  writer.tag(statusCode);
  writer.int32(codeNumber(error.code));
  writer.tag(statusMessage);
  writer.string(error.message.toWellFormed());
  for (const detail of error.details) {
    const wire = detailToBytes(detail);
    if (wire === undefined) continue;
    writer.tag(statusDetails);
    const begin = writer.begin();
    writer.tag(anyTypeUrl);
    writer.string(typeUrlPrefix + wire.type);
    writer.tag(anyValue);
    writer.bytes(wire.bytes);
    writer.end(begin);
  }
  return writer.copy();
}

/** The details in a `google.rpc.Status`. What is none has none: the call has failed in any case. */
export function readStatusDetails(bytes: Uint8Array | undefined): ErrorDetail[] {
  const details: ErrorDetail[] = [];
  if (bytes === undefined) return details;
  const reader = new Reader();
  reader.reset(bytes);
  try {
    while (reader.position < bytes.length && details.length < maxDetails) {
      const tag = reader.tag();
      if (tag === statusDetails) details.push(readAny(reader));
      else reader.skip(tag);
    }
  } catch {
    return details;
  }
  return details;
}

function readAny(reader: Reader): ErrorDetail {
  const end = reader.open();
  let type = '';
  let value: Uint8Array = new Uint8Array(0);
  while (reader.position < end) {
    const tag = reader.tag();
    if (tag === anyTypeUrl) type = reader.string();
    else if (tag === anyValue) value = reader.bytes();
    else reader.skip(tag);
  }
  reader.close(end);
  return detailOfBytes(type.slice(type.lastIndexOf('/') + 1), value);
}
