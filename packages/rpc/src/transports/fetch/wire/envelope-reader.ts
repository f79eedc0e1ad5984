import { RpcError } from '../../../rpc-error.ts';

/** In the flags of an envelope: the message is compressed. */
export const compressedFlag = 0x01;
/** Connect: the last envelope of a stream, with the trailer as JSON. */
export const endStreamFlag = 0x02;
/** gRPC-Web: the last envelope, with the trailer as lines of text. */
export const trailersFlag = 0x80;

/** One byte of flags and four of length, before each message. */
export const envelopeHeaderBytes = 5;

/** A buffer for an unfinished envelope begins so large, whatever the envelope says of its length. */
const firstBufferBytes = 4_096;

const noBytes = new Uint8Array(0);

/**
 * Cuts a body into envelopes, as gRPC, gRPC-Web and Connect's streams frame their messages. Chunks
 * may be cut anywhere. Memory is bounded by the longest envelope and one chunk, and grows only with
 * what has arrived.
 *
 * After `push`, call `next` until it answers false; then the chunk is no longer referred to.
 *
 * Source: https://connectrpc.com/docs/protocol#streaming-request.
 */
export class EnvelopeReader {
  /** Of the envelope that `next` found. */
  flags = 0;
  /** Of the envelope that `next` found; valid until the next `next` or `push`. */
  payload: Uint8Array = noBytes;

  readonly #maxBytes: number;
  #chunk: Uint8Array = noBytes;
  #at = 0;
  /** What came of an envelope that earlier chunks began. */
  #partial: Uint8Array = noBytes;
  #partialLength = 0;

  /** `maxBytes` bounds a payload. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes of an envelope that is not whole yet. */
  get unfinishedBytes(): number {
    return this.#partialLength + this.#chunk.length - this.#at;
  }

  /** The same bytes, once `next` has answered false; valid until the next `push`. */
  get unfinished(): Uint8Array {
    return this.#partial.subarray(0, this.#partialLength);
  }

  /** Takes the next chunk, once `next` has answered false for the one before. */
  push(chunk: Uint8Array): void {
    this.#chunk = chunk;
    this.#at = 0;
  }

  /**
   * Finds the next envelope that is whole.
   * @throws RpcError resource_exhausted for one that says it is longer than `maxBytes`.
   */
  next(): boolean {
    if (this.#partialLength > 0) return this.#nextOfPartial();
    const left = this.#chunk.length - this.#at;
    if (left < envelopeHeaderBytes) return this.#keepRest();
    const length = this.#lengthAt(this.#chunk, this.#at);
    if (left < envelopeHeaderBytes + length) return this.#keepRest();
    this.#found(this.#chunk, this.#at, length);
    this.#at += envelopeHeaderBytes + length;
    return true;
  }

  /** The envelope began in an earlier chunk: its bytes are brought together. */
  #nextOfPartial(): boolean {
    if (!this.#fillTo(envelopeHeaderBytes)) return false;
    const length = this.#lengthAt(this.#partial, 0);
    if (!this.#fillTo(envelopeHeaderBytes + length)) return false;
    this.#found(this.#partial, 0, length);
    this.#partialLength = 0;
    this.#partial = noBytes;
    return true;
  }

  #keepRest(): boolean {
    this.#fillTo(Number.POSITIVE_INFINITY);
    return false;
  }

  /** Moves bytes of the chunk to the unfinished envelope until it has so many; false: there are not enough. */
  #fillTo(bytes: number): boolean {
    const missing = bytes - this.#partialLength;
    if (missing <= 0) return true;
    const moved = Math.min(missing, this.#chunk.length - this.#at);
    this.#reserve(this.#partialLength + moved, bytes);
    this.#partial.set(this.#chunk.subarray(this.#at, this.#at + moved), this.#partialLength);
    this.#partialLength += moved;
    this.#at += moved;
    if (this.#at === this.#chunk.length) {
      this.#chunk = noBytes;
      this.#at = 0;
    }
    return moved === missing;
  }

  #reserve(needed: number, wanted: number): void {
    if (needed <= this.#partial.length) return;
    let size = Math.max(firstBufferBytes, this.#partial.length);
    while (size < needed) size *= 2;
    const grown = new Uint8Array(Math.max(needed, Math.min(size, wanted)));
    grown.set(this.#partial.subarray(0, this.#partialLength));
    this.#partial = grown;
  }

  #lengthAt(bytes: Uint8Array, at: number): number {
    const length =
      (((bytes[at + 1] as number) << 24) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 8) |
        (bytes[at + 4] as number)) >>>
      0;
    if (length > this.#maxBytes) {
      throw new RpcError(
        'resource_exhausted',
        `an envelope of ${length} bytes: at most ${this.#maxBytes} bytes are taken (maxMessageBytes)`,
      );
    }
    return length;
  }

  #found(bytes: Uint8Array, at: number, length: number): void {
    this.flags = bytes[at] as number;
    const start = at + envelopeHeaderBytes;
    this.payload = bytes.subarray(start, start + length);
  }
}
