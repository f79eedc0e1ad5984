import { encodeStatusDetails } from '../codec/error-details.ts';
import {
  type Compressor,
  type CompressorLookup,
  compressionThresholdBytes,
} from '../compression/compressor.ts';
import type { CompressionName, OpenOptions, Trailer } from '../core/call.ts';
import type { RpcLimits } from '../core/limits.ts';
import type { Metadata } from '../core/metadata.ts';
import { codeNumber } from '../core/status.ts';
import { monotonicNow } from '../core/timer-wheel.ts';
import type { RpcError } from '../rpc-error.ts';
import { frameFlag, frameType, maxInternedMethods } from './frame.ts';
import { type FrameLink, FrameWriter } from './frame-writer.ts';
import { type FrameLanes, firstLane } from './lanes.ts';
import { PayloadWriter, writeReason, writeSettings } from './payload.ts';

/** Used within one call of one function at a time, by all connections. */
const scratch = new PayloadWriter();

/** Everything that one side of a connection says: each kind of frame has its method. */
export class FrameOutput {
  readonly #writer: FrameWriter;
  readonly #limits: RpcLimits;
  readonly #compressor: CompressorLookup | undefined;
  readonly #lanes: FrameLanes | undefined;
  /** The numbers of paths that the peer knows; a side that opens no calls has none. */
  #methods: Map<string, number> | undefined;
  #closed = false;

  constructor(
    link: FrameLink,
    limits: RpcLimits,
    compressor: CompressorLookup | undefined,
    lanes?: FrameLanes,
  ) {
    this.#writer = new FrameWriter(link);
    this.#limits = limits;
    this.#compressor = compressor;
    this.#lanes = lanes;
  }

  /** What was written and is not with the kernel yet, in bytes. */
  get queuedBytes(): number {
    return this.#writer.queuedBytes;
  }

  /** Nothing is written any more. */
  stop(): void {
    this.#writer.flush();
    this.#closed = true;
  }

  flush(): void {
    this.#writer.flush();
  }

  settings(): void {
    this.#write(frameType.settings, 0, 0, writeSettings(scratch, this.#limits));
  }

  /** Opens a stream. */
  open(stream: number, path: string, options: OpenOptions): void {
    let flags = 0;
    // Who cannot read such answers does not ask for them.
    const compression = this.#compressor === undefined ? undefined : options.compression;
    if (compression === 'gzip') flags = frameFlag.wantsGzip;
    else if (compression === 'zstd') flags = frameFlag.wantsZstd;
    scratch.reset();
    const known = stream < firstLane ? this.#methods?.get(path) : undefined;
    if (known !== undefined) scratch.varint(known);
    else {
      flags |= frameFlag.path;
      this.#methods ??= new Map();
      const mayKeep = stream < firstLane && this.#methods.size < maxInternedMethods;
      const number = mayKeep ? this.#methods.size + 1 : 0;
      if (number !== 0) this.#methods.set(path, number);
      scratch.varint(number).block(path);
    }
    scratch.varint(timeoutUntil(options.deadlineAt)).pairs(options.metadata);
    this.#write(frameType.header, stream, flags, scratch);
  }

  header(stream: number, metadata: Metadata): void {
    this.#write(frameType.header, stream, 0, scratch.reset().pairs(metadata));
  }

  /**
   * The bytes are lent. `compress` undefined: the message is compressed if it is long enough. Answers
   * with how many bytes the payload has, compressed or not.
   */
  message(
    stream: number,
    bytes: Uint8Array,
    compression: CompressionName | undefined,
    compress?: boolean,
  ): number {
    const isWanted = compress ?? bytes.length >= compressionThresholdBytes;
    const compressor = isWanted ? this.#compressorFor(compression) : undefined;
    if (compressor === undefined) {
      if (!this.#closed) this.#writerOf(stream).write(frameType.message, stream, 0, bytes);
      return bytes.length;
    }
    const payload = compressor.compress(bytes);
    const flags = compressor.name === 'gzip' ? frameFlag.gzip : frameFlag.zstd;
    if (!this.#closed) this.#writerOf(stream).write(frameType.message, stream, flags, payload);
    return payload.length;
  }

  /** No message follows; from the answering side also: the status is OK. */
  end(stream: number): void {
    if (this.#writerOf(stream).markLast(stream)) return;
    this.#write(frameType.end, stream, 0, scratch.reset());
  }

  /** `flags` may say that no handler has seen the call. */
  trailer(stream: number, { error, metadata }: Trailer, flags: number): void {
    if (error === undefined && metadata.size === 0) {
      this.end(stream);
      return;
    }
    scratch.reset();
    if (error === undefined) scratch.u8(0).varint(0).varint(0);
    else {
      scratch.u8(codeNumber(error.code)).block(error.message.slice(0, 8_192));
      scratch.block(encodeStatusDetails(error) ?? '');
    }
    scratch.pairs(metadata);
    this.#write(frameType.end, stream, flags, scratch);
  }

  cancel(stream: number, error: RpcError): void {
    const payload = writeReason(scratch.reset(), error);
    this.#write(frameType.cancel, stream, 0, payload);
    if (stream < firstLane || this.#closed) return;
    // On the connection's link it overtakes what was sent before.
    this.#writer.write(frameType.cancel, stream, 0, payload.bytes, 0, payload.length);
  }

  credit(stream: number, bytes: number): void {
    this.#write(frameType.credit, stream, 0, scratch.reset().u32(bytes));
  }

  ping(): void {
    this.#write(frameType.ping, 0, 0, scratch.reset().u32(0).u32(0));
  }

  /** The answer to a PING with these eight bytes. */
  pong(high: number, low: number): void {
    this.#write(frameType.ping, 0, frameFlag.ack, scratch.reset().u32(high).u32(low));
  }

  goaway(lastStream: number, reason: RpcError): void {
    this.#write(frameType.goaway, 0, 0, writeReason(scratch.reset().u32(lastStream), reason));
  }

  #compressorFor(name: CompressionName | undefined): Compressor | undefined {
    return name === undefined || name === 'identity' ? undefined : this.#compressor?.(name);
  }

  #write(type: number, stream: number, flags: number, payload: PayloadWriter): void {
    if (this.#closed) return;
    this.#writerOf(stream).write(type, stream, flags, payload.bytes, 0, payload.length);
  }

  #writerOf(stream: number): FrameWriter {
    if (stream < firstLane) return this.#writer;
    return this.#lanes?.writerOf(stream) ?? this.#writer;
  }
}

/** The milliseconds that are left, at least 1; 0 stands for no deadline. */
function timeoutUntil(deadlineAt: number): number {
  if (deadlineAt === Number.POSITIVE_INFINITY) return 0;
  return Math.min(Math.max(1, Math.ceil(deadlineAt - monotonicNow())), 0xffffffff);
}
