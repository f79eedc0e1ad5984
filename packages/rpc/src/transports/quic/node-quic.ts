import type { KeyObject, X509Certificate } from 'node:crypto';
import { RpcError } from '../../rpc-error.ts';

/*
 * The only file that touches `node:quic`. What is used of it is typed here, as Bun 1.4.5 has it:
 * `@types/node` lacks some of it, and the module is marked experimental, so that a change of it is
 * to be found in one place. docs/decisions has what it does and does not do.
 */

/** @throws RpcError unimplemented where the runtime is not Bun, or has no QUIC. */
export function nodeQuic(): NodeQuic {
  const quic = process.getBuiltinModule('node:quic') as unknown as NodeQuic | undefined;
  if (quic !== undefined && 'Bun' in globalThis) return quic;
  throw new RpcError(
    'unimplemented',
    'QUIC needs the module node:quic as Bun has it: run this on Bun 1.4.5 or later',
  );
}

export interface NodeQuic {
  listen(onSession: (session: NodeQuicSession) => void, options: object): Promise<NodeQuicEndpoint>;
  /** It resolves before the handshake; `opened` tells how that went. */
  connect(address: SocketAddress, options: object): Promise<NodeQuicSession>;
  readonly QuicEndpoint: new (options: object) => NodeQuicEndpoint;
  readonly QuicError: new (message: string, options: { readonly errorCode: number }) => Error;
}

export interface SocketAddress {
  readonly address: string;
  readonly port: number;
  readonly family: 'ipv4' | 'ipv6';
}

interface NodeQuicEndpoint {
  readonly address: SocketAddress | undefined;
  readonly stats: Readonly<Record<string, unknown>>;
  readonly destroyed: boolean;
  /** Also rejects for a port that cannot be had, which `listen` does not. */
  readonly closed: Promise<void>;
  /** Resolves when the last session is gone; it asks none to go. */
  close(): Promise<void>;
  destroy(error?: unknown): void;
}

export interface NodeQuicSession {
  readonly opened: Promise<NodeQuicHandshake>;
  readonly closed: Promise<void>;
  readonly destroyed: boolean;
  /** Not to be read before `opened`: what it says then, it says for ever. */
  readonly path: { readonly local: SocketAddress; readonly remote: SocketAddress } | undefined;
  readonly peerCertificate: X509Certificate | undefined;
  readonly stats: Readonly<Record<string, unknown>>;
  /** With it set, no rejection of `opened`, `closed` or a stream's `closed` is unhandled. */
  onerror: ((error: unknown) => void) | undefined;
  onstream: ((stream: NodeQuicStream) => void) | undefined;
  /** With HTTP/3 only. */
  ongoaway: ((lastStream: bigint) => void) | undefined;
  createBidirectionalStream(options?: object): Promise<NodeQuicStream>;
  /** Closes at once when there is a code; else, with HTTP/3, once the open streams have ended. */
  close(options?: NodeQuicClose): Promise<void>;
  destroy(error?: unknown, options?: NodeQuicClose): void;
}

interface NodeQuicClose {
  readonly code: number;
  readonly type: 'application' | 'transport';
  readonly reason?: string;
}

export interface NodeQuicHandshake {
  readonly protocol: string;
  readonly cipher: string;
  /** As OpenSSL names it, `CERT_HAS_EXPIRED`; undefined when the peer's certificate is trusted. */
  readonly validationErrorCode: string | number | undefined;
  readonly validationErrorReason: string | undefined;
  readonly earlyDataAttempted: boolean;
  readonly earlyDataAccepted: boolean;
}

/** Names in lower case, pseudo-fields first. A name that came more than once has a list. */
export type HeaderFields = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface NodeQuicStream extends AsyncIterable<Uint8Array[]> {
  /** null while the peer allows no more streams, and -1 when that lasts to the connection's end. */
  readonly id: bigint | null;
  /** Some of it came as 0-RTT. */
  readonly early: boolean;
  readonly direction: 'bidi' | 'uni' | null;
  readonly closed: Promise<void>;
  readonly writer: NodeQuicWriter;
  /** What the writer takes while the peer's window, or the network's, has no room. */
  highWaterMark: number;
  onerror: ((error: unknown) => void) | undefined;
  /** RESET_STREAM or STOP_SENDING. */
  onreset: ((error: { readonly errorCode?: bigint }) => void) | undefined;
  /** With HTTP/3 only: else setting them throws. */
  onheaders: ((fields: HeaderFields) => void) | undefined;
  ontrailers: ((fields: HeaderFields) => void) | undefined;
  /** The body has left: `sendTrailers` now, since earlier it drops what is left of the body. */
  onwanttrailers: (() => void) | undefined;
  sendHeaders(fields: HeaderFields, options?: { readonly terminal?: boolean }): boolean;
  sendTrailers(fields: HeaderFields): boolean;
  /** RESET_STREAM and STOP_SENDING with the code of a `QuicError`. */
  destroy(error: unknown): void;
}

/** How `stream/iter` asks a writer to tell when there is room again; null: there is, or never will be. */
export const drainable: unique symbol = Symbol.for('Stream.drainableProtocol') as never;

export interface NodeQuicWriter {
  /** What it takes before `highWaterMark` is reached: as much, when all has left. null: it is over. */
  readonly desiredSize: number | null;
  /** Copies the bytes. False: it has no room and has taken none of them. */
  writeSync(bytes: Uint8Array): boolean;
  endSync(): number;
  [drainable](): Promise<unknown> | null;
}

/** Names and keys of one side, as `listen` and `connect` want them. */
export interface NodeQuicIdentity {
  readonly keys: readonly KeyObject[];
  readonly certs: readonly Uint8Array[];
}
