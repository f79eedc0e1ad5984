import type { Compressor, CompressorLookup } from '../../compression/compressor.ts';
import type { CallHandler, Peer, Trailer } from '../../core/call.ts';
import { Metadata } from '../../core/metadata.ts';
import { monotonicNow } from '../../core/timer-wheel.ts';
import { RpcError } from '../../rpc-error.ts';
import type { ByteSocket } from '../../sockets/socket.ts';
import { ConnectionFault } from './connection-fault.ts';
import { clientPreface, errorCode, frameFlag, max31Bits, setting } from './frame.ts';
import { isGrpcContentType } from './grpc/content-type.ts';
import { readTimeout } from './grpc/grpc-timeout.ts';
import { RequestHead } from './grpc/request-head.ts';
import { ResponseWriter } from './grpc/response-writer.ts';
import { Http2Connection } from './http2-connection.ts';
import type { Http2Limits } from './http2-limits.ts';
import { type CallHead, ServerStream } from './server-stream.ts';

export interface ServerConnectionOptions {
  readonly socket: ByteSocket;
  readonly limits: Http2Limits;
  readonly peer: Peer;
  readonly handler: CallHandler;
  readonly compressor: CompressorLookup;
  /** Why the client is not served: it is told, and cut off, when it has introduced itself. */
  readonly refusal?: RpcError;
  /** Told once, when its socket is closed. */
  readonly onClosed?: (connection: ServerConnection) => void;
}

/** The side of a connection that answers calls. */
export class ServerConnection extends Http2Connection {
  readonly peer: Peer;
  readonly #handler: CallHandler;
  readonly #compressor: CompressorLookup;
  readonly #refusal: RpcError | undefined;
  readonly #onClosed: ((connection: ServerConnection) => void) | undefined;
  readonly #head: RequestHead;
  readonly #response: ResponseWriter;
  #prefaceBytes = 0;
  #lastStream = 0;
  #runningHandlers = 0;
  /** The GOAWAY that names the last stream has been sent. */
  #isFinal = false;

  constructor(options: ServerConnectionOptions) {
    super(options.socket, options.limits);
    this.peer = options.peer;
    this.#handler = options.handler;
    this.#compressor = options.compressor;
    this.#refusal = options.refusal;
    this.#onClosed = options.onClosed;
    this.#head = headFor(options.limits);
    this.#response = new ResponseWriter(this.encoder);
  }

  override get openCalls(): number {
    return this.streams.size;
  }

  /** Takes what is on its way for one round trip, then names the last stream (RFC 9113, 6.8). */
  override drain(reason: string): void {
    if (this.state !== 'open') return;
    this.state = 'draining';
    if (!this.isReady) {
      this.closeSocket();
      return;
    }
    this.writer.goaway(max31Bits, errorCode.noError, reason);
    this.sendPing();
    for (const stream of [...this.streams.values()]) {
      if (stream instanceof ServerStream) stream.draining();
    }
  }

  /** Ends every call with this error, which the client is told, and the connection. */
  cancelAll(error: RpcError): void {
    if (this.state === 'closing' || this.state === 'closed') return;
    for (const stream of [...this.streams.values()]) stream.fail(error, errorCode.cancel);
    this.writer.goaway(this.#lastStream, errorCode.noError, error.message);
    this.closeSocket();
  }

  /** Whether this metadata is within the limits of both sides. */
  mayCarry(metadata: Metadata): boolean {
    if (metadata.size === 0) return true;
    const limit = Math.min(this.limits.maxMetadataBytes, this.peerSettings.maxHeaderListBytes);
    return metadata.byteLength <= limit;
  }

  /** The first compression that the client can read and that is known here. */
  compressorFor(acceptEncoding: string): Compressor | undefined {
    for (const name of acceptEncoding.split(',')) {
      const found = this.#compressor(name.trim());
      if (found !== undefined && found.name !== 'identity') return found;
    }
    return undefined;
  }

  writeHeader(stream: number, encoding: string | undefined, metadata: Metadata): void {
    this.writer.beginHeaders(stream, 0);
    this.#response.writeHeader(this.writer.queue, encoding, metadata);
    this.writer.endHeaders();
  }

  writeTrailer(stream: number, isHeaderSent: boolean, trailer: Trailer): void {
    this.writer.beginHeaders(stream, frameFlag.endStream);
    if (isHeaderSent) this.#response.writeTrailer(this.writer.queue, trailer);
    else this.#response.writeTrailersOnly(this.writer.queue, trailer);
    this.writer.endHeaders();
    this.guard.finished();
  }

  /** A handler is done, however its call ended. */
  handlerEnded(): void {
    this.#runningHandlers -= 1;
  }

  protected override get lastPeerStream(): number {
    return this.#lastStream;
  }

  protected override get advice(): string {
    return '';
  }

  protected override get mayClose(): boolean {
    return this.#isFinal && this.streams.size === 0;
  }

  protected override isIdle(stream: number): boolean {
    return stream % 2 === 0 || stream > this.#lastStream;
  }

  /** Says nothing before the preface is whole: whoever speaks HTTP/1.1 gets an answer in it. */
  protected override skipPreface(chunk: Uint8Array): number {
    if (this.#prefaceBytes === prefaceBytes.length) return 0;
    let at = 0;
    while (at < chunk.length && this.#prefaceBytes < prefaceBytes.length) {
      if (chunk[at] !== prefaceBytes[this.#prefaceBytes]) {
        if (/^[A-Z]+ \//.test(latin1.decode(chunk.subarray(0, 16)))) this.writer.raw(http1Answer);
        throw new ConnectionFault(errorCode.protocolError, notHttp2);
      }
      at += 1;
      this.#prefaceBytes += 1;
    }
    if (this.#prefaceBytes === prefaceBytes.length) {
      this.sendSettings([setting.maxConcurrentStreams, this.limits.maxStreams]);
    }
    return at;
  }

  override receiveHeaders(
    stream: number,
    endsStream: boolean,
    block: Uint8Array,
    start: number,
    end: number,
  ): void {
    this.#head.reset();
    this.decode(block, start, end, this.#head);
    if (stream > this.#lastStream && stream % 2 === 1) {
      this.#lastStream = stream;
      this.#accept(stream, endsStream);
      return;
    }
    const open = this.streamOfHeaders(stream);
    if (open === undefined) return;
    if (!endsStream || this.#head.isMalformed || this.#head.hasPseudo) {
      this.failStream(open, errorCode.protocolError, 'a second header that is no trailer');
    } else if (open.contentLeft > 0) {
      this.failStream(open, errorCode.protocolError, 'less DATA than content-length');
    } else open.receiveEnd();
  }

  override receiveGoaway(): void {
    // A client says that it takes no stream of ours: we open none. It closes when it is done.
  }

  protected override onSettings(): void {
    if (this.#refusal === undefined) return;
    throw new ConnectionFault(errorCode.inadequateSecurity, this.#refusal.message);
  }

  protected override onReset(): void {
    this.guard.reset();
  }

  protected override onBroken(): void {}

  protected override onClosed(): void {
    this.#onClosed?.(this);
  }

  protected override onPong(): void {
    if (this.state !== 'draining' || this.#isFinal) return;
    this.#isFinal = true;
    this.writer.goaway(this.#lastStream, errorCode.noError, 'the server is shutting down');
    this.closeIfDone();
  }

  #accept(stream: number, endsStream: boolean): void {
    const head = this.#head;
    const running = Math.max(this.#runningHandlers, this.streams.size);
    if (head.isMalformed || !head.isComplete || (endsStream && head.contentLength > 0)) {
      this.reset(stream, errorCode.protocolError);
      this.onReset();
    } else if (this.#isFinal || running >= this.limits.maxStreams) {
      this.reset(stream, errorCode.refusedStream);
      this.onReset();
    } else if (head.method !== 'POST') {
      this.#refuse(stream, endsStream, 405, `gRPC calls are POST, not ${head.method.slice(0, 16)}`);
    } else if (!isGrpcContentType(head.contentType)) {
      const type = JSON.stringify(head.contentType.slice(0, 64));
      this.#refuse(
        stream,
        endsStream,
        415,
        `the content type must be application/grpc, not ${type}`,
      );
    } else {
      this.#open(stream, endsStream);
    }
  }

  /** Answers what is no gRPC by an HTTP status. */
  #refuse(stream: number, endsStream: boolean, status: number, message: string): void {
    this.writer.beginHeaders(stream, frameFlag.endStream);
    this.#response.writeHttpError(this.writer.queue, status, new RpcError('internal', message));
    this.writer.endHeaders();
    if (!endsStream) this.reset(stream, errorCode.noError);
  }

  #open(id: number, endsStream: boolean): void {
    const { path, metadata, userAgent, timeout, encoding, acceptEncoding } = this.#head;
    const leftMs = timeout === '' ? never : readTimeout(timeout);
    const incoming = encoding === '' ? undefined : this.#compressor(encoding);
    const head: CallHead = {
      path,
      metadata,
      userAgent,
      deadlineAt: leftMs === never ? never : monotonicNow() + (leftMs ?? 0),
      incoming,
      outgoing: accepted(incoming, acceptEncoding),
      acceptEncoding,
    };
    const stream = new ServerStream(this, id, head);
    stream.remoteEnded = endsStream;
    stream.contentLeft = this.#head.contentLength;
    this.streams.set(id, stream);
    this.#runningHandlers += 1;
    const fault = this.#faultOf(leftMs, encoding !== '' && incoming === undefined);
    if (fault === undefined) this.#handle(stream);
    else stream.sendEnd({ error: fault, metadata: Metadata.empty });
    if (endsStream && !stream.over) stream.receiveEnd();
  }

  #handle(stream: ServerStream): void {
    try {
      this.#handler(stream);
    } catch (reason) {
      stream.threw(reason);
    }
  }

  /** Why the call is refused though HTTP/2 has nothing against it; undefined: it is not. */
  #faultOf(leftMs: number | undefined, isUnknownEncoding: boolean): RpcError | undefined {
    const { isTooLarge, undecodable, timeout, encoding } = this.#head;
    if (isTooLarge) {
      const { maxMetadataBytes } = this.limits;
      const message = `the call has more metadata than ${maxMetadataBytes} bytes, the limit maxMetadataBytes`;
      return new RpcError('resource_exhausted', message);
    }
    if (undecodable !== '') {
      return new RpcError('invalid_argument', `the metadata ${undecodable} is not base64`);
    }
    if (leftMs === undefined) {
      const value = JSON.stringify(timeout.slice(0, 32));
      const message = `grpc-timeout is ${value}: it must be one to eight digits and one of H, M, S, m, u and n`;
      return new RpcError('invalid_argument', message);
    }
    if (isUnknownEncoding) {
      const name = JSON.stringify(encoding.slice(0, 32));
      return new RpcError('unimplemented', `the compression ${name} is not known here`);
    }
    return undefined;
  }
}

/** One for all connections of a listener: it is used within one call of one function at a time. */
const heads = new WeakMap<Http2Limits, RequestHead>();

function headFor(limits: Http2Limits): RequestHead {
  let head = heads.get(limits);
  if (head === undefined) {
    head = new RequestHead(limits);
    heads.set(limits, head);
  }
  return head;
}

const never = Number.POSITIVE_INFINITY;
const prefaceBytes = new TextEncoder().encode(clientPreface);
const notHttp2 = 'this port speaks gRPC over HTTP/2, without an upgrade from HTTP/1.1';
const http1Answer = new TextEncoder().encode(
  `HTTP/1.1 505 HTTP Version Not Supported\r\ncontent-type: text/plain\r\nconnection: close\r\ncontent-length: ${notHttp2.length + 1}\r\n\r\n${notHttp2}\n`,
);
const latin1 = new TextDecoder('latin1');

/** What the client compresses by is what it also reads. */
function accepted(incoming: Compressor | undefined, names: string): Compressor | undefined {
  if (incoming === undefined || incoming.name === 'identity') return undefined;
  return names.split(',').some((name) => name.trim() === incoming.name) ? incoming : undefined;
}
