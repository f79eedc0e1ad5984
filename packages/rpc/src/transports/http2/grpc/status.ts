import { fromBase64 } from '../../../codec/base64.ts';
import { decodeStatusDetails } from '../../../codec/error-details.ts';
import { markRefused } from '../../../core/refused.ts';
import { codeOfNumber } from '../../../core/status.ts';
import { type Code, RpcError } from '../../../rpc-error.ts';
import { decodeGrpcMessage } from '../../fetch/wire/grpc-message.ts';
import { codeOfHttpStatus } from '../../fetch/wire/http-status.ts';
import { errorCode, errorName } from '../frame.ts';
import type { ResponseHead } from './response-head.ts';

/** The error that trailers tell of; undefined for OK. A status that is no number is `unknown`. */
export function errorOfStatus(head: ResponseHead): RpcError | undefined {
  const { grpcStatus } = head;
  if (grpcStatus === '0') return undefined;
  const code = /^[0-9]{1,3}$/.test(grpcStatus) ? codeOfNumber(Number(grpcStatus)) : 'unknown';
  const message = decodeGrpcMessage(head.grpcMessage);
  if (head.grpcStatusDetails === '') return new RpcError(code, message);
  const details = decodeStatusDetails(fromBase64(head.grpcStatusDetails));
  return new RpcError(code, message, { details });
}

/**
 * The error of a response that is not gRPC.
 * Source: https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md.
 */
export function errorOfHttpStatus(status: number, contentType: string): RpcError {
  const type = contentType === '' ? 'no content type' : JSON.stringify(contentType.slice(0, 64));
  const message = `the answer is not gRPC: HTTP status ${status} with ${type}`;
  return new RpcError(codeOfHttpStatus(status), message, { retryable: isTransient(status) });
}

/**
 * The error of a stream that the server reset.
 * Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md (Errors).
 */
export function errorOfReset(code: number): RpcError {
  const message = `the server reset the stream: ${errorName(code)}`;
  if (code !== errorCode.refusedStream)
    return new RpcError(resetCodes[code] ?? 'internal', message);
  return markRefused(new RpcError('unavailable', message, { retryable: true }));
}

const resetCodes: Readonly<Record<number, Code>> = {
  [errorCode.cancel]: 'canceled',
  [errorCode.enhanceYourCalm]: 'resource_exhausted',
  [errorCode.inadequateSecurity]: 'permission_denied',
};

function isTransient(status: number): boolean {
  return status === 429 || (status >= 502 && status <= 504);
}
