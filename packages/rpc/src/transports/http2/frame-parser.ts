import { ConnectionFault } from './connection-fault.ts';
import { errorCode, frameFlag, frameHeaderBytes, frameType, max31Bits } from './frame.ts';

/** Takes what a connection receives, frame by frame. The bytes are lent until it returns. */
export interface FrameSink {
  /** A whole frame; DATA comes here only when it is padded. */
  onFrame(
    type: number,
    flags: number,
    stream: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void;
  /**
   * A part of the payload of a DATA frame without padding, in order; a frame that is whole in its
   * chunk is one part. `flags` is 0 but with the last part of the frame.
   */
  onDataPart(flags: number, stream: number, bytes: Uint8Array, start: number, end: number): void;
}

/**
 * Cuts chunks of a byte stream into HTTP/2 frames (RFC 9113, 4.1). What is whole in a chunk is not
 * copied, and neither is DATA; of other frames at most one is held.
 */
export class FrameParser {
  readonly #sink: FrameSink;
  readonly #maxFrameBytes: number;
  #stopped = false;
  /** A frame that is not whole, with its header. */
  #held: Uint8Array = nothing;
  #heldBytes = 0;
  /** What is missing of a DATA frame, its stream and its flags. */
  #dataLeft = 0;
  #dataStream = 0;
  #dataFlags = 0;

  /** `maxFrameBytes` is what we tell the peer in SETTINGS_MAX_FRAME_SIZE. */
  constructor(sink: FrameSink, maxFrameBytes: number) {
    this.#sink = sink;
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Hands on nothing more, not even of the chunk at hand. */
  stop(): void {
    this.#stopped = true;
    this.#held = nothing;
    this.#heldBytes = 0;
  }

  /**
   * Takes the chunk from `start` on.
   * @throws ConnectionFault for a frame larger than we take (FRAME_SIZE_ERROR), and what the sink
   * throws.
   */
  push(chunk: Uint8Array, start = 0): void {
    let at = start;
    if (this.#dataLeft > 0) at = this.#continueData(chunk, at);
    else if (this.#heldBytes > 0) at = this.#completeHeld(chunk, at);
    const { length } = chunk;
    while (length - at >= frameHeaderBytes && !this.#stopped) {
      const payloadBytes = this.#lengthAt(chunk, at);
      const type = chunk[at + 3] as number;
      const flags = chunk[at + 4] as number;
      const stream = streamAt(chunk, at);
      const payload = at + frameHeaderBytes;
      if (type === frameType.data && (flags & frameFlag.padded) === 0) {
        at = this.#data(flags, stream, payloadBytes, chunk, payload);
      } else if (payloadBytes <= length - payload) {
        at = payload + payloadBytes;
        this.#sink.onFrame(type, flags, stream, chunk, payload, at);
      } else break;
    }
    if (at < length && !this.#stopped) this.#hold(chunk, at, length);
  }

  #lengthAt(bytes: Uint8Array, at: number): number {
    const length =
      ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
    if (length > this.#maxFrameBytes) {
      const message = `a frame of ${length} bytes is larger than ${this.#maxFrameBytes}`;
      throw new ConnectionFault(errorCode.frameSizeError, message);
    }
    return length;
  }

  /** A DATA frame whose payload begins in this chunk: where in the chunk it ends. */
  #data(flags: number, stream: number, length: number, chunk: Uint8Array, start: number): number {
    const end = Math.min(start + length, chunk.length);
    const left = length - (end - start);
    if (left > 0) {
      this.#dataLeft = left;
      this.#dataStream = stream;
      this.#dataFlags = flags;
      if (end > start) this.#sink.onDataPart(0, stream, chunk, start, end);
    } else {
      this.#sink.onDataPart(flags, stream, chunk, start, end);
    }
    return end;
  }

  #continueData(chunk: Uint8Array, start: number): number {
    const end = Math.min(start + this.#dataLeft, chunk.length);
    this.#dataLeft -= end - start;
    const flags = this.#dataLeft === 0 ? this.#dataFlags : 0;
    if (end > start) this.#sink.onDataPart(flags, this.#dataStream, chunk, start, end);
    return end;
  }

  /** Adds to the held frame what it misses: where in the chunk that ends. */
  #completeHeld(chunk: Uint8Array, start: number): number {
    let at = start;
    if (this.#heldBytes < frameHeaderBytes) {
      at = Math.min(chunk.length, at + frameHeaderBytes - this.#heldBytes);
      this.#hold(chunk, start, at);
      if (this.#heldBytes < frameHeaderBytes) return at;
    }
    const held = this.#held;
    const length = this.#lengthAt(held, 0);
    const type = held[3] as number;
    const flags = held[4] as number;
    const stream = streamAt(held, 0);
    if (type === frameType.data && (flags & frameFlag.padded) === 0) {
      this.#release();
      return this.#data(flags, stream, length, chunk, at);
    }
    const end = Math.min(chunk.length, at + length + frameHeaderBytes - this.#heldBytes);
    this.#hold(chunk, at, end);
    if (this.#heldBytes < length + frameHeaderBytes) return end;
    const frame = this.#release();
    this.#sink.onFrame(type, flags, stream, frame, frameHeaderBytes, frameHeaderBytes + length);
    return end;
  }

  #release(): Uint8Array {
    const held = this.#held;
    this.#held = nothing;
    this.#heldBytes = 0;
    return held;
  }

  #hold(chunk: Uint8Array, start: number, end: number): void {
    const needed = this.#heldBytes + end - start;
    if (needed > this.#held.length) {
      // It grows with what has come, never by what a header promises.
      const larger = new Uint8Array(Math.max(64, needed, this.#held.length * 2));
      larger.set(this.#held.subarray(0, this.#heldBytes));
      this.#held = larger;
    }
    this.#held.set(chunk.subarray(start, end), this.#heldBytes);
    this.#heldBytes = needed;
  }
}

const nothing = new Uint8Array(0);

function streamAt(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at + 5] as number) << 24) |
      ((bytes[at + 6] as number) << 16) |
      ((bytes[at + 7] as number) << 8) |
      (bytes[at + 8] as number)) &
    max31Bits
  );
}
