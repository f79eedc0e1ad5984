import { frameHeaderBytes } from './frame.ts';

export interface FrameSink {
  /** The payload is `bytes` from `start` to `end`; the bytes may be kept. */
  onFrame(
    type: number,
    stream: number,
    flags: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void;
  /** A frame says it is longer than any may be. Nothing is read afterwards. */
  onOversized(type: number, stream: number, length: number): void;
}

/** A buffer for a frame of at most so many bytes is made in its full size. */
const wholeBytes = 16 * 1024;

/**
 * Cuts a stream of bytes into frames. Frames that lie whole in a chunk are not copied; of one that
 * does not, no more is held than has arrived, rounded up to a power of two, or to a frame of 16 KiB.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #maxPayloadBytes: number;
  #held: Uint8Array | undefined;
  #heldBytes = 0;
  #stopped = false;

  constructor(sink: FrameSink, maxPayloadBytes: number) {
    this.#sink = sink;
    this.#maxPayloadBytes = maxPayloadBytes;
  }

  /** Bytes of a frame that is not whole yet. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** No frame is given out any more. */
  stop(): void {
    this.#stopped = true;
    this.#held = undefined;
    this.#heldBytes = 0;
  }

  /** The chunk is given away. */
  push(chunk: Uint8Array): void {
    let position = 0;
    if (this.#heldBytes > 0) {
      position = this.#complete(chunk);
      if (position < 0) return;
    }
    const length = chunk.length;
    let size = 0;
    while (!this.#stopped && position + frameHeaderBytes <= length) {
      size = frameHeaderBytes + this.#payloadLength(chunk, position);
      if (this.#stopped) return;
      if (position + size > length) break;
      this.#emit(chunk, position, position + size);
      position += size;
      size = 0;
    }
    if (!this.#stopped && position < length) this.#hold(chunk, position, length, size);
  }

  /** Goes on with the held frame: where in the chunk it ends, or -1 if beyond. */
  #complete(chunk: Uint8Array): number {
    let position = 0;
    if (this.#heldBytes < frameHeaderBytes) {
      position = Math.min(chunk.length, frameHeaderBytes - this.#heldBytes);
      this.#hold(chunk, 0, position, 0);
      if (this.#heldBytes < frameHeaderBytes) return -1;
    }
    const size = frameHeaderBytes + this.#payloadLength(this.#held as Uint8Array, 0);
    if (this.#stopped) return -1;
    const taken = Math.min(chunk.length, position + size - this.#heldBytes);
    this.#hold(chunk, position, taken, size);
    if (this.#heldBytes < size) return -1;
    const frame = this.#held as Uint8Array;
    this.#held = undefined;
    this.#heldBytes = 0;
    this.#emit(frame, 0, size);
    return taken;
  }

  /** `frameSize` is that of the whole frame, 0 as long as it is not known. */
  #hold(chunk: Uint8Array, start: number, end: number, frameSize: number): void {
    const needed = this.#heldBytes + end - start;
    if (this.#held === undefined || this.#held.length < needed) {
      let size = frameSize <= wholeBytes ? Math.max(frameSize, 64) : 64;
      while (size < needed) size *= 2;
      if (frameSize > 0 && size > frameSize) size = frameSize;
      const grown = new Uint8Array(size);
      if (this.#held !== undefined) grown.set(this.#held.subarray(0, this.#heldBytes));
      this.#held = grown;
    }
    this.#held.set(chunk.subarray(start, end), this.#heldBytes);
    this.#heldBytes = needed;
  }

  #payloadLength(bytes: Uint8Array, at: number): number {
    const length = readU32(bytes, at);
    if (length > this.#maxPayloadBytes) {
      this.stop();
      this.#sink.onOversized(bytes[at + 4] as number, readU32(bytes, at + 5), length);
    }
    return length;
  }

  #emit(bytes: Uint8Array, start: number, end: number): void {
    this.#sink.onFrame(
      bytes[start + 4] as number,
      readU32(bytes, start + 5),
      bytes[start + 9] as number,
      bytes,
      start + frameHeaderBytes,
      end,
    );
  }
}

/** Big-endian; the offset must lie within. */
export function readU32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}
