import type { Compressor } from '../../compression/compressor.ts';
import {
  okTrailer,
  type Peer,
  type ServerCall,
  type ServerSink,
  type Trailer,
} from '../../core/call.ts';
import { Metadata } from '../../core/metadata.ts';
import { sinkFault } from '../../core/sink-fault.ts';
import { idleSink } from '../../core/watched-call.ts';
import { RpcError } from '../../rpc-error.ts';
import { errorCode, errorName } from './frame.ts';
import { Http2Stream } from './http2-stream.ts';
import type { ServerConnection } from './server-connection.ts';

/** What a request says about its call. */
export interface CallHead {
  readonly path: string;
  readonly metadata: Metadata;
  /** Empty for none. */
  readonly userAgent: string;
  readonly deadlineAt: number;
  /** How its messages are compressed, and how the response's may be. */
  readonly incoming: Compressor | undefined;
  readonly outgoing: Compressor | undefined;
  /** What the client can read, as it wrote it. */
  readonly acceptEncoding: string;
}

/** A call that the peer opened. */
export class ServerStream extends Http2Stream implements ServerCall {
  readonly path: string;
  readonly deadlineAt: number;
  sink: ServerSink = idleSink;
  readonly #server: ServerConnection;
  readonly #acceptEncoding: string;
  #metadata: Metadata;
  #userAgent: string;
  #isHeaderSent = false;
  #trailer: Trailer | undefined;
  #isHandled = false;

  constructor(server: ServerConnection, id: number, head: CallHead) {
    super(server, id);
    this.#server = server;
    this.path = head.path;
    this.#metadata = head.metadata;
    this.#userAgent = head.userAgent;
    this.deadlineAt = head.deadlineAt;
    this.incoming = head.incoming;
    this.outgoing = head.outgoing;
    this.#acceptEncoding = head.acceptEncoding;
  }

  get metadata(): Metadata {
    if (this.#userAgent !== '') {
      if (this.#metadata === Metadata.empty) this.#metadata = new Metadata();
      if (sendable.test(this.#userAgent)) {
        this.#metadata.appendUnchecked('user-agent', this.#userAgent);
      }
      this.#userAgent = '';
    }
    return this.#metadata;
  }

  get peer(): Peer {
    return this.#server.peer;
  }

  sendHeader(metadata: Metadata, compress?: boolean): void {
    if (this.over || this.#isHeaderSent || this.#trailer !== undefined) return;
    if (!this.#server.mayCarry(metadata)) {
      this.fail(tooMuchMetadata('header', metadata));
      return;
    }
    this.#writeHeader(metadata, compress);
  }

  sendMessage(message: Uint8Array, compress?: boolean): boolean {
    if (this.over || this.#trailer !== undefined) return true;
    if (!this.#isHeaderSent) this.#writeHeader(Metadata.empty, compress);
    return this.send(message, compress);
  }

  sendEnd(trailer: Trailer): void {
    if (this.over) {
      this.#handled();
      return;
    }
    if (this.#trailer !== undefined) return;
    this.#trailer = this.#server.mayCarry(trailer.metadata)
      ? trailer
      : { error: tooMuchMetadata('trailer', trailer.metadata), metadata: Metadata.empty };
    this.end();
  }

  /** This side takes no further call. */
  draining(): void {
    if (!this.over) this.sink.onDrain?.();
  }

  override fail(error: RpcError): void {
    if (this.over) return;
    this.#trailer = { error, metadata: Metadata.empty };
    this.#finish();
    this.sink.onCancel(error);
  }

  override broken(error: RpcError): void {
    if (this.over) return;
    const isAnswered = this.#trailer !== undefined;
    this.release();
    if (isAnswered) this.#handled();
    else this.sink.onCancel(error);
  }

  override onPeerReset(code: number): void {
    const how = code === errorCode.cancel ? 'cancelled the call' : `reset it: ${errorName(code)}`;
    this.broken(new RpcError('canceled', `the client ${how}`));
  }

  protected override deliver(message: Uint8Array, compressed: boolean): void {
    try {
      this.sink.onMessage(message, compressed);
    } catch (reason) {
      this.threw(reason);
    }
  }

  protected override onRemoteEnd(): void {
    try {
      this.sink.onHalfClose();
    } catch (reason) {
      this.threw(reason);
    }
  }

  /** The handler, or its sink, threw. */
  threw(reason: unknown): void {
    this.fail(sinkFault(this.path, reason));
    this.#handled();
  }

  protected override onWritable(): void {
    this.sink.onWritable();
  }

  protected override writeEnd(): void {
    this.#finish();
    this.#handled();
  }

  /** Who chooses message by message needs a compression even if this one is not compressed. */
  #writeHeader(metadata: Metadata, compress: boolean | undefined): void {
    this.#isHeaderSent = true;
    if (compress !== undefined) this.outgoing ??= this.#server.compressorFor(this.#acceptEncoding);
    this.#server.writeHeader(this.id, this.outgoing?.name, metadata);
  }

  #finish(): void {
    this.#server.writeTrailer(this.id, this.#isHeaderSent, this.#trailer ?? okTrailer);
    this.localEnded = true;
    // The peer need not send the rest of its messages (RFC 9113, 8.1).
    if (!this.remoteEnded) this.#server.reset(this.id, errorCode.noError);
    this.release();
  }

  /** Until its handler is done, a cancelled call still counts as one of the peer's. */
  #handled(): void {
    if (this.#isHandled) return;
    this.#isHandled = true;
    this.#server.handlerEnded();
  }
}

/** What metadata can carry. */
const sendable = /^[\x20-\x7e]*$/;

function tooMuchMetadata(where: string, metadata: Metadata): RpcError {
  const message = `the ${where} has ${metadata.byteLength} bytes of metadata, more than the client takes`;
  return new RpcError('resource_exhausted', message);
}
