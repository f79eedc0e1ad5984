import { encodeStatusDetails } from '../../../codec/error-details.ts';
import type { Trailer } from '../../../core/call.ts';
import { Metadata } from '../../../core/metadata.ts';
import { codeNumber } from '../../../core/status.ts';
import type { RpcError } from '../../../rpc-error.ts';
import { encodeGrpcMessage } from '../../fetch/wire/grpc-message.ts';
import type { ByteQueue } from '../byte-queue.ts';
import { type HpackEncoder, type PreparedBlock, RepeatedField } from '../hpack/encoder.ts';
import { grpcContentType } from './content-type.ts';
import { unpaddedBase64, writeMetadata } from './metadata-writer.ts';

/**
 * Writes the header blocks of a server's responses. The two that nearly every call has, the header
 * without metadata and the trailer of status 0, are kept as the encoder wrote them and copied.
 *
 * Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md (Responses).
 */
export class ResponseWriter {
  readonly #encoder: HpackEncoder;
  readonly #contentType = new RepeatedField('content-type', grpcContentType);
  readonly #accept = new RepeatedField('grpc-accept-encoding', 'gzip,zstd');
  #encodings: Map<string, RepeatedField> | undefined;
  readonly #statuses: RepeatedField[] = [];
  #plainHeader: PreparedBlock | undefined;
  #okTrailer: PreparedBlock | undefined;

  constructor(encoder: HpackEncoder) {
    this.#encoder = encoder;
  }

  /** The header of a response whose messages may be compressed so; undefined: they are not. */
  writeHeader(out: ByteQueue, encoding: string | undefined, metadata: Metadata): void {
    const encoder = this.#encoder;
    const isPlain = encoding === undefined && metadata.size === 0;
    if (isPlain && encoder.writePrepared(out, this.#plainHeader)) return;
    encoder.beginBlock(out);
    const { version } = encoder;
    const start = out.length;
    this.#writeCommon(out);
    if (isPlain) this.#plainHeader = encoder.prepare(out, start, version);
    if (encoding !== undefined) encoder.writeRepeated(out, this.#encodingField(encoding));
    writeMetadata(encoder, out, metadata);
  }

  /** The trailer after header and messages. */
  writeTrailer(out: ByteQueue, trailer: Trailer): void {
    const encoder = this.#encoder;
    const isPlain = trailer.error === undefined && trailer.metadata.size === 0;
    if (isPlain && encoder.writePrepared(out, this.#okTrailer)) return;
    encoder.beginBlock(out);
    const { version } = encoder;
    const start = out.length;
    this.#writeStatus(out, trailer);
    if (isPlain) this.#okTrailer = encoder.prepare(out, start, version);
  }

  /** Header and trailer in one, of a call that ends before its first message. */
  writeTrailersOnly(out: ByteQueue, trailer: Trailer): void {
    this.#encoder.beginBlock(out);
    this.#writeCommon(out);
    this.#writeStatus(out, trailer);
  }

  /** The answer to a request that is not gRPC: an HTTP status, and what gRPC would say. */
  writeHttpError(out: ByteQueue, status: number, error: RpcError): void {
    this.#encoder.beginBlock(out);
    this.#encoder.writeChanging(out, ':status', String(status));
    this.#encoder.writeRepeated(out, this.#contentType);
    this.#writeStatus(out, { error, metadata: Metadata.empty });
  }

  #writeCommon(out: ByteQueue): void {
    this.#encoder.writeStatic(out, status200Index);
    this.#encoder.writeRepeated(out, this.#contentType);
    this.#encoder.writeRepeated(out, this.#accept);
  }

  #encodingField(encoding: string): RepeatedField {
    this.#encodings ??= new Map();
    let field = this.#encodings.get(encoding);
    if (field === undefined) {
      field = new RepeatedField('grpc-encoding', encoding);
      this.#encodings.set(encoding, field);
    }
    return field;
  }

  #writeStatus(out: ByteQueue, { error, metadata }: Trailer): void {
    const number = error === undefined ? 0 : codeNumber(error.code);
    this.#statuses[number] ??= new RepeatedField('grpc-status', String(number));
    this.#encoder.writeRepeated(out, this.#statuses[number]);
    if (error !== undefined) {
      const message = statusMessage(error.message);
      if (message !== '') this.#encoder.writeChanging(out, 'grpc-message', message);
      const details = encodeStatusDetails(error);
      if (details !== undefined && details.length <= maxDetailsBytes) {
        this.#encoder.writeChanging(out, 'grpc-status-details-bin', unpaddedBase64(details));
      }
    }
    writeMetadata(this.#encoder, out, metadata);
  }
}

/** `:status: 200` in the static table. */
const status200Index = 8;
/** The longest `grpc-message`, in characters as sent: peers take 8 KiB of headers at least. */
const maxMessageChars = 4_096;
/** Larger details are left out: most peers would not take the trailer. */
const maxDetailsBytes = 8 * 1024;

/** As it is sent, cut where it is too long. A header must not begin or end with a space. */
function statusMessage(message: string): string {
  let text = message.slice(0, maxMessageChars);
  let encoded = encodeGrpcMessage(text);
  while (encoded.length > maxMessageChars) {
    text = text.slice(0, text.length / 2);
    encoded = encodeGrpcMessage(text);
  }
  return encoded.replace(/^ | $/g, '%20');
}
