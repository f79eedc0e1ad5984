import { compressor } from '../../compression/compressors.ts';
import { gzip } from '../../compression/gzip.ts';
import { zstd } from '../../compression/zstd.ts';
import {
  type CallHandler,
  okTrailer,
  type Peer,
  type ServerCall,
  type ServerSink,
  type Trailer,
} from '../../core/call.ts';
import { Metadata } from '../../core/metadata.ts';
import { sinkFault } from '../../core/sink-fault.ts';
import { monotonicNow } from '../../core/timer-wheel.ts';
import { idleSink } from '../../core/watched-call.ts';
import { RpcError } from '../../rpc-error.ts';
import { chooseEncoding, readEncoding } from '../fetch/wire/encodings.ts';
import { readGrpcTimeout } from '../fetch/wire/timeouts.ts';
import { isGrpcContentType } from '../http2/grpc/content-type.ts';
import type { HeaderFields } from '../quic/node-quic.ts';
import type { QuicByteStream } from '../quic/quic-stream.ts';
import { Http3Call } from './http3-call.ts';
import { type Http3Connection, http3Error } from './http3-connection.ts';
import {
  fieldOf,
  httpErrorFields,
  metadataOf,
  onlyFields,
  responseFields,
  trailerFields,
} from './http3-fields.ts';

/** A call that the peer opened, from the first packet of its request on. */
export class Http3ServerCall extends Http3Call implements ServerCall {
  path = '';
  metadata: Metadata = Metadata.empty;
  deadlineAt: number = Number.POSITIVE_INFINITY;
  sink: ServerSink = idleSink;
  readonly peer: Peer;
  readonly #handler: CallHandler;
  #isBegun = false;
  #isHeaderSent = false;
  #hasEnded = false;
  /** The compressions that the client can read. */
  #accepted: string | null = null;
  #trailer: Trailer | undefined;

  constructor(
    connection: Http3Connection,
    stream: QuicByteStream,
    { peer, handler }: { readonly peer: Peer; readonly handler: CallHandler },
  ) {
    super(connection, stream, connection.limits.maxMessageBytes);
    this.peer = peer;
    this.#handler = handler;
  }

  sendHeader(metadata: Metadata, compress?: boolean): void {
    if (this.over || this.#isHeaderSent || this.#trailer !== undefined) return;
    const tooMuch = this.#tooMuch(metadata);
    if (tooMuch !== undefined) {
      this.fail(tooMuch);
      return;
    }
    this.#isHeaderSent = true;
    if (compress !== undefined) this.outgoing ??= chooseEncoding(this.#accepted, [gzip, zstd]);
    this.#write(() => this.stream.sendHeaders(responseFields(this.outgoing, metadata)));
  }

  sendMessage(message: Uint8Array, compress?: boolean): boolean {
    if (this.over || this.#trailer !== undefined) return true;
    if (!this.#isHeaderSent) this.sendHeader(Metadata.empty, compress);
    return this.send(message, compress);
  }

  sendEnd(trailer: Trailer): void {
    if (this.over || this.#trailer !== undefined) return;
    const tooMuch = this.#tooMuch(trailer.metadata);
    this.#trailer = tooMuch === undefined ? trailer : { error: tooMuch, metadata: Metadata.empty };
    this.#writeTrailer();
    this.release();
  }

  /** This side takes no further call. */
  draining(): void {
    if (!this.over && this.#isBegun) this.sink.onDrain?.();
  }

  override fail(error: RpcError): void {
    if (this.over) return;
    this.#trailer = { error, metadata: Metadata.empty };
    this.#writeTrailer();
    this.release();
    if (this.#isBegun) this.sink.onCancel(error);
  }

  override broken(error: RpcError): void {
    if (this.over) return;
    this.release();
    if (this.#isBegun) this.sink.onCancel(error);
  }

  override onReset(code: number): void {
    const how = code === http3Error.requestCancelled ? 'cancelled the call' : `reset it (${code})`;
    this.broken(new RpcError('canceled', `the client ${how}`));
  }

  override onHeaders(fields: HeaderFields): void {
    if (this.over || this.#isBegun) return;
    const refusal = this.#refusal(fields);
    if (refusal !== undefined) {
      this.#refuse(refusal);
      return;
    }
    try {
      this.#take(fields);
    } catch (error) {
      this.fail(RpcError.from(error));
      return;
    }
    this.#isBegun = true;
    try {
      this.#handler(this);
    } catch (reason) {
      this.fail(sinkFault(this.path, reason));
    }
  }

  override onEnd(): void {
    // The end of the body may as well be that of the connection, which is known a turn later: a
    // stream of requests that was cut off must not pass for one that the client has ended.
    setImmediate(() => {
      if (this.over) return;
      this.#hasEnded = true;
      if (this.isRead) this.#halfClose();
    });
  }

  protected override deliver(message: Uint8Array, compressed: boolean): void {
    try {
      this.sink.onMessage(message, compressed);
    } catch (reason) {
      this.fail(sinkFault(this.path, reason));
    }
  }

  protected override writable(): void {
    this.sink.onWritable();
  }

  protected override readAll(): void {
    if (this.#hasEnded) this.#halfClose();
  }

  #halfClose(): void {
    if (this.over) return;
    this.#hasEnded = false;
    if (!this.isWithinMessage) {
      try {
        this.sink.onHalfClose();
      } catch (reason) {
        this.fail(sinkFault(this.path, reason));
      }
      return;
    }
    this.connection.quic.whyClosed((error) => {
      this.fail(error ?? new RpcError('internal', 'the request ended within a message'));
    });
  }

  #take(fields: HeaderFields): void {
    const { maxMetadataBytes } = this.connection.limits;
    this.path = fieldOf(fields, ':path') ?? '';
    this.#accepted = fieldOf(fields, 'grpc-accept-encoding') ?? null;
    const encoding = fieldOf(fields, 'grpc-encoding') ?? null;
    this.incoming = readEncoding('grpc-encoding', encoding, compressor);
    if (this.incoming !== undefined)
      this.outgoing = chooseEncoding(this.#accepted, [this.incoming]);
    this.metadata = metadataOf(fields, maxMetadataBytes);
    const timeoutMs = readGrpcTimeout(fieldOf(fields, 'grpc-timeout') ?? null);
    this.deadlineAt = monotonicNow() + timeoutMs;
  }

  /** The HTTP status and error for what is not gRPC. */
  #refusal(fields: HeaderFields): HeaderFields | undefined {
    const method = fieldOf(fields, ':method') ?? '';
    if (method !== 'POST') {
      const message = `the method is ${JSON.stringify(method.slice(0, 16))}: gRPC calls are POST`;
      return httpErrorFields(405, new RpcError('internal', message));
    }
    const type = fieldOf(fields, 'content-type') ?? '';
    if (isGrpcContentType(type)) return undefined;
    const shown = JSON.stringify(type.slice(0, 64));
    const message = `the content type is ${shown}: it must be application/grpc or application/grpc+proto`;
    return httpErrorFields(415, new RpcError('internal', message));
  }

  #refuse(answer: HeaderFields): void {
    this.stream.sendOnlyHeaders(answer);
    this.release();
  }

  #writeTrailer(): void {
    const trailer = this.#trailer ?? okTrailer;
    if (this.#isHeaderSent) this.#write(() => this.stream.sendTrailers(trailerFields(trailer)));
    else this.#write(() => this.stream.sendOnlyHeaders(onlyFields(trailer)));
  }

  /** Metadata that HTTP forbids, which the runtime finds when it writes, ends the stream. */
  #write(write: () => void): void {
    try {
      write();
    } catch {
      this.stream.reset(http3Error.internalError);
      this.broken(new RpcError('internal', 'the metadata of the answer is not allowed in HTTP'));
    }
  }

  #tooMuch(metadata: Metadata): RpcError | undefined {
    const { maxMetadataBytes } = this.connection.limits;
    if (metadata.size === 0 || metadata.byteLength <= maxMetadataBytes) return undefined;
    const message = `the answer has ${metadata.byteLength} bytes of metadata, more than ${maxMetadataBytes}, the limit maxMetadataBytes`;
    return new RpcError('resource_exhausted', message);
  }
}
