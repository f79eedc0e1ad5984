import { compressor } from '../../compression/compressors.ts';
import type { ClientCall, ClientSink, OpenOptions, Trailer } from '../../core/call.ts';
import { Metadata } from '../../core/metadata.ts';
import { ownFault } from '../../core/own-fault.ts';
import { markRefused, neverBegan } from '../../core/refused.ts';
import { type Code, RpcError } from '../../rpc-error.ts';
import { readEncoding } from '../fetch/wire/encodings.ts';
import { readGrpcStatus } from '../fetch/wire/grpc-trailer.ts';
import { codeOfHttpStatus } from '../fetch/wire/http-status.ts';
import { isGrpcContentType } from '../http2/grpc/content-type.ts';
import type { HeaderFields } from '../quic/node-quic.ts';
import { Http3Call } from './http3-call.ts';
import { type Http3Connection, http3Error } from './http3-connection.ts';
import { fieldOf, metadataOf, requestFields } from './http3-fields.ts';
import { readQpackBlock } from './qpack-block.ts';

/** What a section of trailers, taken for the head of a message, may say of its length. */
const longestStray = 0xff_ffff;

export interface Http3Request {
  readonly authority: string;
  readonly path: string;
  readonly options: OpenOptions;
}

/** A call that this side opened: one request on a stream of its own. */
export class Http3ClientCall extends Http3Call implements ClientCall {
  readonly #sink: ClientSink;
  #isEnding = false;
  #isHeaderSeen = false;
  #hasEnded = false;
  #isTrailerStray = false;
  #trailer: Trailer | undefined;

  constructor(connection: Http3Connection, request: Http3Request, sink: ClientSink) {
    const { maxMessageBytes } = connection.limits;
    super(connection, connection.quic.openStream(), Math.max(maxMessageBytes, longestStray));
    this.#sink = sink;
    const { authority, path, options } = request;
    const { compression } = options;
    if (compression !== undefined && compression !== 'identity') {
      this.outgoing = compressor(compression);
    }
    this.stream.sendHeaders(requestFields(authority, path, options));
  }

  sendMessage(message: Uint8Array, compress?: boolean): boolean {
    if (this.over || this.#isEnding) return true;
    return this.send(message, compress);
  }

  sendEnd(): void {
    if (this.over || this.#isEnding) return;
    this.#isEnding = true;
    this.stream.end();
  }

  cancel(error: RpcError): void {
    this.fail(error, http3Error.requestCancelled);
  }

  override fail(error: RpcError, code: number): void {
    if (this.over) return;
    this.stream.reset(code);
    this.#end({ error, metadata: Metadata.empty });
  }

  override broken(error: RpcError): void {
    if (this.over) return;
    const reason = this.stream.isUnopened ? neverBegan(error) : error;
    this.#end({ error: reason, metadata: Metadata.empty });
  }

  override onGoaway(lastStream: number): void {
    const { id } = this.stream;
    if (this.over || (id !== undefined && id <= lastStream)) return;
    const error = new RpcError('unavailable', 'the server is shutting down', { retryable: true });
    this.fail(markRefused(error), http3Error.requestCancelled);
  }

  override onReset(code: number): void {
    const reset = errorOfReset(code);
    // A stream that goes with its connection was reset with 0, some milliseconds before that.
    if (code === 0) this.connection.quic.whyClosed((error) => this.broken(error ?? reset));
    else this.broken(reset);
  }

  onGone(): void {
    this.connection.quic.whyClosed((error) => {
      this.fail(error ?? errorOfReset(http3Error.requestCancelled), http3Error.requestCancelled);
    });
  }

  override onHeaders(fields: HeaderFields): void {
    if (this.over || this.#isHeaderSeen) return;
    const status = Number(fieldOf(fields, ':status'));
    const contentType = fieldOf(fields, 'content-type') ?? '';
    try {
      if (fields['grpc-status'] !== undefined) this.#takeTrailer(fields);
      else if (status !== 200 || !isGrpcContentType(contentType)) {
        this.fail(errorOfHttpStatus(status, contentType), http3Error.requestCancelled);
      } else this.#takeHeader(fields);
    } catch (error) {
      this.fail(RpcError.from(error), http3Error.requestCancelled);
    }
  }

  onTrailers(fields: HeaderFields): void {
    if (this.over || this.#trailer !== undefined) return;
    try {
      this.#takeTrailer(fields);
    } catch (error) {
      this.fail(RpcError.from(error), http3Error.requestCancelled);
    }
  }

  override onEnd(): void {
    if (this.over) return;
    if (this.stream.isUnopened) {
      this.connection.quic.whyClosed((error) => this.broken(error ?? noStream()));
      return;
    }
    this.#hasEnded = true;
    if (this.isRead) this.readAll();
  }

  protected override deliver(message: Uint8Array, compressed: boolean): void {
    if (!this.#isHeaderSeen) throw new RpcError('internal', 'messages came before the header');
    try {
      this.#sink.onMessage(message, compressed);
    } catch (cause) {
      this.fail(ownFault('the sink of a call', cause), http3Error.requestCancelled);
    }
  }

  protected override writable(): void {
    this.#sink.onWritable();
  }

  protected override readAll(): void {
    if (this.over) return;
    if (this.#hasEnded && this.#trailer === undefined) this.#findTrailer();
    const trailer = this.#trailer;
    if (trailer === undefined || this.over) return;
    if (trailer.error === undefined) {
      if (!this.#hasEnded || !this.isRead) return;
      if (this.isWithinMessage && !this.#isTrailerStray) {
        const error = new RpcError('internal', 'the response ended within a message');
        this.fail(error, http3Error.requestCancelled);
        return;
      }
    }
    // The server has ended the call: what this side would still send, nobody reads.
    if (!this.#isEnding) this.stream.reset(http3Error.noError);
    this.#end(trailer);
  }

  /**
   * The body has ended without trailers. Of a long one Bun 1.4.5 sometimes gives the section of the
   * trailers out as the end of the body, as it came. Else they may come right after the body, and so
   * may the end of the connection.
   */
  #findTrailer(): void {
    const fields = this.isWithinMessage ? readQpackBlock(this.unfinished) : undefined;
    if (fields?.['grpc-status'] !== undefined) {
      this.#isTrailerStray = true;
      try {
        this.#parseTrailer(fields);
      } catch (error) {
        this.fail(RpcError.from(error), http3Error.requestCancelled);
      }
      return;
    }
    this.connection.quic.whyClosed((error) => {
      if (this.over || this.#trailer !== undefined) return;
      const none = new RpcError('internal', 'the response ended without trailers');
      this.fail(error ?? none, http3Error.requestCancelled);
    });
  }

  #takeHeader(fields: HeaderFields): void {
    this.#isHeaderSeen = true;
    const encoding = fieldOf(fields, 'grpc-encoding') ?? null;
    this.incoming = readEncoding('grpc-encoding', encoding, compressor);
    const metadata = metadataOf(fields, this.connection.limits.maxMetadataBytes);
    try {
      this.#sink.onHeader(metadata);
    } catch (cause) {
      this.fail(ownFault('the sink of a call', cause), http3Error.requestCancelled);
    }
  }

  #takeTrailer(fields: HeaderFields): void {
    this.#parseTrailer(fields);
    this.readAll();
  }

  /** @throws RpcError for trailers that are none, or too large. */
  #parseTrailer(fields: HeaderFields): void {
    const error = readGrpcStatus({ get: (name) => fieldOf(fields, name) });
    if (error === 'none') {
      throw new RpcError('internal', 'the trailers of the response have no grpc-status');
    }
    const metadata = metadataOf(fields, this.connection.limits.maxMetadataBytes);
    this.#trailer = { error, metadata };
  }

  #end(trailer: Trailer): void {
    this.release();
    this.#sink.onEnd(trailer);
  }
}

function noStream(): RpcError {
  return new RpcError('unavailable', 'the connection was closed before the call has left');
}

/** As https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md. */
function errorOfHttpStatus(status: number, contentType: string): RpcError {
  const type = contentType === '' ? 'no content type' : JSON.stringify(contentType.slice(0, 64));
  const message = `the answer is not gRPC: HTTP status ${status} with ${type}`;
  const isTransient = status === 429 || (status >= 502 && status <= 504);
  return new RpcError(codeOfHttpStatus(status), message, { retryable: isTransient });
}

const resetCodes: Readonly<Record<number, Code>> = {
  [http3Error.requestCancelled]: 'canceled',
  [http3Error.excessiveLoad]: 'resource_exhausted',
  [http3Error.messageError]: 'invalid_argument',
};

/** The codes of HTTP/2 that gRPC maps, in HTTP/3's numbers (gRFC G2). */
function errorOfReset(code: number): RpcError {
  const name = Object.entries(http3Error).find(([, number]) => number === code)?.[0] ?? code;
  const message = `the stream was reset: ${name}`;
  if (code !== http3Error.requestRejected) {
    return new RpcError(resetCodes[code] ?? 'internal', message);
  }
  return markRefused(new RpcError('unavailable', message, { retryable: true }));
}
