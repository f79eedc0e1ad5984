import type { Peer } from '../core/call.ts';
import type { RpcLimits } from '../core/limits.ts';
import type { Metadata } from '../core/metadata.ts';
import { markRefused } from '../core/refused.ts';
import { RpcError } from '../rpc-error.ts';

/** Why a call of a connection that was closed in order has ended. */
export function connectionClosed({ address }: Peer): RpcError {
  return new RpcError('unavailable', `the connection to ${address} was closed`);
}

/** Why no call begins any more; it may be sent again. */
export function connectionClosing({ address }: Peer): RpcError {
  const message = `the connection to ${address} is closing`;
  return markRefused(new RpcError('unavailable', message, { retryable: true }));
}

/** Why one more call does not begin; it may be sent again. */
export function connectionFull({ address }: Peer, openCalls: number): RpcError {
  const message = `${openCalls} calls are open on the connection to ${address}, as many as it takes`;
  return markRefused(new RpcError('resource_exhausted', message));
}

/** Why a call that the peer has not seen, and will not, has ended: by the reason of its GOAWAY. */
export function goneAway({ code, message }: RpcError): RpcError {
  // Another connection is of no use to who may not connect.
  const isForbidden = code === 'permission_denied';
  const error = new RpcError(isForbidden ? code : 'unavailable', message, {
    retryable: !isForbidden,
  });
  return markRefused(error);
}

export function metadataTooLarge(metadata: Metadata, { maxMetadataBytes }: RpcLimits): RpcError {
  const message = `metadata has ${metadata.byteLength} bytes, more than ${maxMetadataBytes}, the limit maxMetadataBytes`;
  return new RpcError('resource_exhausted', message);
}

export function messageTooLong(length: number, limit: number): RpcError {
  const message = `the message has ${length} bytes, more than ${limit}, the limit maxMessageBytes`;
  return new RpcError('resource_exhausted', message);
}
