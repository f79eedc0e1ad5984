import type { RpcError } from '../rpc-error.ts';
import { Metadata } from './metadata.ts';
import type { MethodInfo } from './method.ts';
import type { ParentCall } from './parent-call.ts';

/*
 * Everything is a call: one header, messages each way, one trailer with a status. A transport knows
 * nothing else. Inside there are callbacks only; promises and async iterables are made at the edge,
 * in `client.ts` and `server.ts`.
 */

/**
 * The client's side of a connection, or of several, or of none yet. Interceptors and load balancers
 * are Transports made of Transports.
 */
export interface Transport {
  /**
   * Begins a call. Never throws and never calls the sink before it has returned: a fault is the
   * call's end.
   */
  open(method: MethodInfo, options: OpenOptions, sink: ClientSink): ClientCall;
  /** Refuses new calls, lets open ones end, then releases everything. */
  close(): Promise<void>;
}

/**
 * A Transport that is not made of others: what it holds is released by whoever made it, by `close`
 * or at the end of the block where it is declared with `await using`.
 */
export interface DisposableTransport extends Transport, AsyncDisposable {}

/** How one call is opened. */
export interface OpenOptions {
  readonly metadata: Metadata;
  /**
   * When the call must have ended, by `performance.now()`; Infinity for never. A transport sends it
   * on as the time that is left; who opened the call enforces it.
   */
  readonly deadlineAt: number;
  /** The compression of the messages that this side sends. Absent: none. */
  readonly compression?: CompressionName;
  /** Waits for a connection through failures to make one, until its end. Not sent. */
  readonly waitForReady?: boolean;
  /** The call that this one is made for, whose trace interceptors go on with. Not sent. */
  readonly parent?: ParentCall;
}

export type CompressionName = 'identity' | 'gzip' | 'zstd';

/**
 * A call, seen by who opened it. After its end every method does nothing.
 *
 * `sendMessage` lends its bytes until it returns; the transport copies what it cannot send at once.
 * It always takes the message. False says that the peer, or the connection, has no room left: send
 * the next one after `onWritable`. In a call with compression, `compress` says of this one message
 * whether it is compressed; absent, it is from 1 KiB on.
 */
export interface ClientCall {
  sendMessage(bytes: Uint8Array, compress?: boolean): boolean;
  /** No message follows (half-close). */
  sendEnd(): void;
  /** Ends the call at once on both sides; the sink gets `onEnd` with this error. */
  cancel(error: RpcError): void;
  /**
   * No `onMessage` and no `onEnd` until `resume`, except for a failure. What arrives meanwhile is held up to the
   * stream's window, then the peer is told to stop.
   */
  pause(): void;
  resume(): void;
}

/** What who opened a call is told, in this order: header, messages, end. Exactly one end. */
export interface ClientSink {
  /** The peer's header. A call that ends at once may have none. */
  onHeader(metadata: Metadata): void;
  /** The bytes are lent until this returns. A transport with compression tells whether they came so. */
  onMessage(bytes: Uint8Array, compressed?: boolean): void;
  onEnd(trailer: Trailer): void;
  /** After a `sendMessage` that answered false: there is room again. */
  onWritable(): void;
}

/** How a call ended. `error` undefined is gRPC's status OK. */
export interface Trailer {
  readonly error: RpcError | undefined;
  readonly metadata: Metadata;
}

/** The end of a call that went well and says nothing more. */
export const okTrailer: Trailer = { error: undefined, metadata: Metadata.empty };

/** Takes each call that a peer opens. It sets `call.sink` before it returns. */
export type CallHandler = (call: ServerCall) => void;

/**
 * A call, seen by who answers it. After its end every method does nothing. Lending of bytes and the
 * answer of `sendMessage` are as in `ClientCall`.
 */
export interface ServerCall {
  /** `/package.Service/Method`, as it came. */
  readonly path: string;
  readonly metadata: Metadata;
  /** When it must have ended, by `performance.now()`; Infinity for never. The server enforces it. */
  readonly deadlineAt: number;
  readonly peer: Peer;
  sink: ServerSink;
  /**
   * At most once, before the first message; without it the header is empty. `compress`: messages may
   * be compressed though the client does not compress its own, where it says that it can read them:
   * in gRPC clients always do, elsewhere ours do for calls with a compression.
   */
  sendHeader(metadata: Metadata, compress?: boolean): void;
  sendMessage(bytes: Uint8Array, compress?: boolean): boolean;
  /** Ends the call, in both directions. */
  sendEnd(trailer: Trailer): void;
  pause(): void;
  resume(): void;
}

/** What who answers a call is told. */
export interface ServerSink {
  /** The bytes are lent until this returns. A transport with compression tells whether they came so. */
  onMessage(bytes: Uint8Array, compressed?: boolean): void;
  /** No message follows. Not called after `onCancel`. */
  onHalfClose(): void;
  /** The peer gave up, or the connection broke: nothing can be sent any more. Called at most once. */
  onCancel(error: RpcError): void;
  onWritable(): void;
  /**
   * This side has begun to shut down and takes no further call on the connection: what would go on
   * for ever should come to its end. Called at most once.
   */
  onDrain?(): void;
}

/** Who is at the other end of a connection. One object for all its calls. */
export interface Peer {
  /** `memory`, `unix`, `websocket`, `http2`, `http`, `quic`, `shared-memory`. */
  readonly transport: string;
  /** `127.0.0.1:4711`, `unix:/run/x.sock`, `memory`: for logs. */
  readonly address: string;
  /** By `SO_PEERCRED`, on a Unix socket. */
  readonly process?: { readonly pid: number; readonly uid: number; readonly gid: number };
  /**
   * The certificate of the peer, where the handshake has verified it (mTLS). Every transport over TLS
   * has it; who puts a handler of ours into a server of their own has to see to it.
   */
  readonly certificate?: PeerCertificate;
  /** Calls back to the peer over the same connection, where the transport can. */
  readonly callback?: Transport;
}

export interface PeerCertificate {
  /** The common name, empty when there is none. */
  readonly subject: string;
  /** `DNS:x`, `URI:spiffe://…`, as in the certificate. */
  readonly alternativeNames: readonly string[];
  /** SHA-256 of the certificate, in hexadecimal. */
  readonly fingerprint: string;
}

/** A place where calls come in. `await using` closes it at the end of its block. */
export interface Listener extends AsyncDisposable {
  /** Where clients connect: `unix:/run/x.sock`, `http://127.0.0.1:50051`. */
  readonly address: string;
  /**
   * Accepts no new connection and no new call, lets the open calls end for `graceMs` (default
   * 10,000), then cancels them with `unavailable`.
   */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}
