import type { OpenOptions } from '../../../core/call.ts';
import { monotonicNow } from '../../../core/timer-wheel.ts';
import type { ByteQueue } from '../byte-queue.ts';
import { type HpackEncoder, type PreparedBlock, RepeatedField } from '../hpack/encoder.ts';
import { grpcContentType } from './content-type.ts';
import { writeTimeout } from './grpc-timeout.ts';
import { writeMetadata } from './metadata-writer.ts';

/**
 * Writes the header blocks of a client's requests. What two calls of one method have in common is
 * kept as the encoder wrote it and copied, as long as the encoder's table is the same.
 *
 * Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md (Requests).
 */
export class RequestWriter {
  readonly #encoder: HpackEncoder;
  readonly #schemeIndex: number;
  readonly #authority: RepeatedField;
  readonly #userAgent: RepeatedField;
  readonly #contentType = new RepeatedField('content-type', grpcContentType);
  readonly #te = new RepeatedField('te', 'trailers');
  readonly #accept = new RepeatedField('grpc-accept-encoding', 'gzip,zstd');
  readonly #encodings = new Map<string, RepeatedField>();
  readonly #paths = new Map<string, PathBlocks>();

  constructor(
    encoder: HpackEncoder,
    scheme: 'http' | 'https',
    authority: string,
    userAgent: string,
  ) {
    this.#encoder = encoder;
    this.#schemeIndex = scheme === 'http' ? 6 : 7;
    this.#authority = new RepeatedField(':authority', authority);
    this.#userAgent = new RepeatedField('user-agent', userAgent);
  }

  /** Writes the block of one call to this path. */
  write(out: ByteQueue, path: string, options: OpenOptions): void {
    const { deadlineAt, metadata, compression } = options;
    const blocks = this.#blocksOf(path);
    const encoding = compression ?? 'identity';
    const known = encoding === 'identity' ? blocks.plain : blocks.compressed.get(encoding);
    if (!this.#encoder.writePrepared(out, known)) this.#writeCommon(out, blocks, encoding);
    if (deadlineAt !== Number.POSITIVE_INFINITY) {
      this.#encoder.writeChanging(out, 'grpc-timeout', writeTimeout(deadlineAt - monotonicNow()));
    }
    writeMetadata(this.#encoder, out, metadata);
  }

  #blocksOf(path: string): PathBlocks {
    let blocks = this.#paths.get(path);
    if (blocks === undefined) {
      if (this.#paths.size >= maxPaths) this.#paths.clear();
      const field = new RepeatedField(':path', path);
      blocks = { path: field, plain: undefined, compressed: new Map() };
      this.#paths.set(path, blocks);
    }
    return blocks;
  }

  #writeCommon(out: ByteQueue, blocks: PathBlocks, encoding: string): void {
    const encoder = this.#encoder;
    encoder.beginBlock(out);
    const { version } = encoder;
    const start = out.length;
    encoder.writeStatic(out, postIndex);
    encoder.writeStatic(out, this.#schemeIndex);
    encoder.writeRepeated(out, blocks.path);
    encoder.writeRepeated(out, this.#authority);
    encoder.writeRepeated(out, this.#te);
    encoder.writeRepeated(out, this.#contentType);
    encoder.writeRepeated(out, this.#accept);
    encoder.writeRepeated(out, this.#userAgent);
    if (encoding !== 'identity') encoder.writeRepeated(out, this.#encodingField(encoding));
    const block = encoder.prepare(out, start, version);
    if (encoding === 'identity') blocks.plain = block;
    else if (block !== undefined) blocks.compressed.set(encoding, block);
  }

  #encodingField(encoding: string): RepeatedField {
    let field = this.#encodings.get(encoding);
    if (field === undefined) {
      field = new RepeatedField('grpc-encoding', encoding);
      this.#encodings.set(encoding, field);
    }
    return field;
  }
}

interface PathBlocks {
  readonly path: RepeatedField;
  plain: PreparedBlock | undefined;
  /** By the compression of the call. */
  readonly compressed: Map<string, PreparedBlock>;
}

/** `:method: POST` in the static table. */
const postIndex = 3;
/** Paths remembered at once; one who calls more begins anew. */
const maxPaths = 1024;
