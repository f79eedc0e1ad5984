import type { Peer } from '../core/call.ts';
import type { RpcLimits } from '../core/limits.ts';
import type { Metadata } from '../core/metadata.ts';
import { markRefused } from '../core/refused.ts';
import { RpcError } from '../rpc-error.ts';
import type { PeerSettings } from './payload.ts';

/** Why a call of a connection that was closed in order has ended; `isReady`: it had begun. */
export function connectionClosed(peer: Peer, isReady: boolean): RpcError {
  if (!isReady) return notOurFrames(peer, 'it closed the connection before it said anything');
  return new RpcError('unavailable', `the connection to ${peer.address} was closed`);
}

/** Why a connection has failed before the peer's SETTINGS; `refusal` is what this side says itself. */
export function unbegun(peer: Peer, error: RpcError, refusal: RpcError | undefined): RpcError {
  const isKnown = error === refusal || error.code === 'failed_precondition';
  return isKnown ? error : notOurFrames(peer, error.message);
}

/** The peer has not begun as ours do: most likely it speaks another protocol, and is served by it. */
export function notOurFrames({ address }: Peer, why: string): RpcError {
  return new RpcError(
    'unavailable',
    `${address} does not speak zrpc's own frames: ${why}. If it is a gRPC server, connect to it over HTTP/2 (connectHttp2, zrpc --grpc)`,
  );
}

/** Why no call begins any more; it may be sent again. */
export function connectionClosing({ address }: Peer): RpcError {
  const message = `the connection to ${address} is closing`;
  return markRefused(new RpcError('unavailable', message, { retryable: true }));
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

/** Why a message of this length may not be sent: the limit of one side; undefined: it may. */
export function messageTooLong(
  length: number,
  { maxMessageBytes }: RpcLimits,
  peer: PeerSettings | undefined,
): RpcError | undefined {
  const limit = Math.min(maxMessageBytes, peer?.maxMessageBytes ?? maxMessageBytes);
  if (length <= limit) return undefined;
  const message = `the message has ${length} bytes, more than ${limit}, the limit maxMessageBytes`;
  return new RpcError('resource_exhausted', message);
}

/** Why a peer is given up that makes this side answer, and reads no answers. */
export function deaf(what: string): RpcError {
  const message = `the peer ${what} and does not read the answers`;
  return new RpcError('resource_exhausted', message);
}
