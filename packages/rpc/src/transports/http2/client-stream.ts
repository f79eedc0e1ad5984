import { compressor } from '../../compression/compressors.ts';
import {
  type ClientCall,
  type ClientSink,
  type OpenOptions,
  okTrailer,
  type Trailer,
} from '../../core/call.ts';
import { Metadata } from '../../core/metadata.ts';
import { ownFault } from '../../core/own-fault.ts';
import { markRefused } from '../../core/refused.ts';
import { monotonicNow } from '../../core/timer-wheel.ts';
import { RpcError } from '../../rpc-error.ts';
import type { ClientConnection } from './client-connection.ts';
import { errorCode } from './frame.ts';
import { isGrpcContentType } from './grpc/content-type.ts';
import type { ResponseHead } from './grpc/response-head.ts';
import { errorOfHttpStatus, errorOfReset, errorOfStatus } from './grpc/status.ts';
import { Http2Stream } from './http2-stream.ts';

/** A call that this side opened. */
export class ClientStream extends Http2Stream implements ClientCall {
  readonly path: string;
  readonly options: OpenOptions;
  readonly #client: ClientConnection;
  readonly #sink: ClientSink;
  #isHeaderSeen = false;
  #isEnding = false;
  #trailer: Trailer | undefined;

  /** It has no number yet: `begin` gives it one. */
  constructor(client: ClientConnection, path: string, options: OpenOptions, sink: ClientSink) {
    super(client, 0);
    this.#client = client;
    this.path = path;
    this.options = options;
    this.#sink = sink;
    const { compression } = options;
    if (compression !== undefined && compression !== 'identity') {
      this.outgoing = compressor(compression);
    }
  }

  /** The peer takes the stream: its HEADERS are written, what waited goes out. */
  begin(id: number): void {
    this.id = id;
    this.sendWindow = this.#client.initialSendWindow;
    if (this.unsent !== undefined) this.#client.sender.flush(this);
    else this.onRoom();
  }

  /** Ends the call, which no server has seen, after this has returned. */
  refuse(error: RpcError): void {
    this.over = true;
    markRefused(error);
    queueMicrotask(() => this.#sink.onEnd({ error, metadata: Metadata.empty }));
  }

  sendMessage(message: Uint8Array, compress?: boolean): boolean {
    if (this.over || this.#isEnding) return true;
    return this.send(message, compress);
  }

  sendEnd(): void {
    if (this.over || this.#isEnding) return;
    this.#isEnding = true;
    this.end();
  }

  cancel(error: RpcError): void {
    this.fail(error, errorCode.cancel);
  }

  override fail(error: RpcError, code: number): void {
    if (this.over) return;
    if (this.id !== 0) this.#client.reset(this.id, code);
    this.#end({ error, metadata: Metadata.empty });
  }

  override broken(error: RpcError): void {
    if (!this.over) this.#end({ error, metadata: Metadata.empty });
  }

  override onPeerReset(code: number): void {
    const isLate = code === errorCode.cancel && monotonicNow() >= this.options.deadlineAt;
    if (!isLate) this.broken(errorOfReset(code));
    else this.broken(new RpcError('deadline_exceeded', `${this.path} did not end in time`));
  }

  /** A header block of the response has come. */
  onHead(head: ResponseHead, endsStream: boolean): void {
    const isFirst = !this.#isHeaderSeen;
    if (isFirst && head.status >= 100 && head.status < 200 && !endsStream) return;
    if (head.isMalformed || (head.status === 0) === isFirst || (!isFirst && !endsStream)) {
      this.#fault('the response has headers that HTTP/2 forbids', errorCode.protocolError);
    } else if (head.isTooLarge) {
      const message = 'the response has more metadata than the limit maxMetadataBytes';
      this.fail(new RpcError('resource_exhausted', message), errorCode.cancel);
    } else if (head.undecodable !== '') {
      this.#fault(`the metadata ${head.undecodable} is not base64`, errorCode.cancel);
    } else if (endsStream) {
      this.#onTrailer(head, isFirst);
    } else {
      this.#onHeader(head);
    }
  }

  override receive(bytes: Uint8Array, start: number, end: number, isLast: boolean): void {
    if (this.#isHeaderSeen) {
      super.receive(bytes, start, end, isLast);
      return;
    }
    this.#client.credit(end - start);
    this.#fault('the response has messages before its headers', errorCode.protocolError);
  }

  protected override deliver(message: Uint8Array, compressed: boolean): void {
    try {
      this.#sink.onMessage(message, compressed);
    } catch (cause) {
      this.fail(ownFault('the sink of a call', cause), errorCode.cancel);
    }
  }

  protected override onRemoteEnd(): void {
    if (this.#trailer !== undefined) this.#finish(this.#trailer);
    else this.#fault('the response ended without trailers', errorCode.cancel);
  }

  protected override onWritable(): void {
    this.#sink.onWritable();
  }

  protected override writeEnd(): void {
    this.localEnded = true;
    this.#client.writer.endStream(this.id);
  }

  #onHeader(head: ResponseHead): void {
    if (head.status !== 200 || !isGrpcContentType(head.contentType)) {
      this.fail(errorOfHttpStatus(head.status, head.contentType), errorCode.cancel);
      return;
    }
    if (head.encoding !== '' && head.encoding !== 'identity') {
      this.incoming = compressor(head.encoding);
      if (this.incoming === undefined) {
        const name = JSON.stringify(head.encoding.slice(0, 32));
        this.#fault(
          `the response is compressed by ${name}, which is not known here`,
          errorCode.cancel,
        );
        return;
      }
    }
    this.#isHeaderSeen = true;
    this.contentLeft = head.contentLength;
    try {
      this.#sink.onHeader(head.metadata);
    } catch (cause) {
      this.fail(ownFault('the sink of a call', cause), errorCode.cancel);
    }
  }

  #onTrailer(head: ResponseHead, isOnly: boolean): void {
    if (head.grpcStatus === '') {
      const hasStatus = isOnly && (head.status !== 200 || !isGrpcContentType(head.contentType));
      if (hasStatus) this.broken(errorOfHttpStatus(head.status, head.contentType));
      else
        this.broken(new RpcError('internal', 'the trailers of the response have no grpc-status'));
      return;
    }
    const error = errorOfStatus(head);
    this.remoteEnded = true;
    if (error !== undefined) this.#finish({ error, metadata: head.metadata });
    else {
      this.#trailer = head.metadata.size === 0 ? okTrailer : { error, metadata: head.metadata };
      this.receiveEnd();
    }
  }

  #fault(message: string, code: number): void {
    this.fail(new RpcError('internal', message), code);
  }

  /** The server has ended the call. */
  #finish(trailer: Trailer): void {
    if (!this.localEnded) this.#client.reset(this.id, errorCode.noError);
    this.#end(trailer);
  }

  #end(trailer: Trailer): void {
    this.release();
    this.#sink.onEnd(trailer);
  }
}
