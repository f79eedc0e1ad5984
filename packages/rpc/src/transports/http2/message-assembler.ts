import { messagePrefixBytes } from './frame-writer.ts';

/**
 * Puts together one message at a time that came in several parts. Its array is used again for the
 * next message of the same call.
 */
export class MessageAssembler {
  /** The prefix of the message, then its bytes. */
  bytes: Uint8Array = new Uint8Array(smallestBytes);
  /** How much of the prefix and the message has come. */
  filled = 0;
  /** How long the message is; -1 as long as its prefix is not whole. */
  length = -1;

  /** Neither a message nor a part of one is here. */
  get isEmpty(): boolean {
    return this.filled === 0;
  }

  get isWhole(): boolean {
    return this.filled === messagePrefixBytes + this.length;
  }

  /** Whether the message says of itself that it is compressed: 0 or 1 if it keeps to gRPC. */
  get compressed(): number {
    return this.bytes[0] as number;
  }

  /** The message, once it is whole. It is lent until `clear`. */
  get message(): Uint8Array {
    return this.bytes.subarray(messagePrefixBytes, this.filled);
  }

  /** Takes what the prefix misses, up to `end`: the offset after it. Then `length` is known. */
  takePrefix(from: Uint8Array, start: number, end: number): number {
    let at = start;
    while (at < end && this.filled < messagePrefixBytes) {
      this.bytes[this.filled++] = from[at++] as number;
    }
    if (this.filled === messagePrefixBytes) this.length = lengthAt(this.bytes, 1);
    return at;
  }

  /** Takes what the message misses, up to `end`: the offset after it. */
  take(from: Uint8Array, start: number, end: number): number {
    const whole = messagePrefixBytes + this.length;
    const count = Math.min(end - start, whole - this.filled);
    if (this.filled + count > this.bytes.length) this.#grow(this.filled + count, whole);
    this.bytes.set(from.subarray(start, start + count), this.filled);
    this.filled += count;
    return start + count;
  }

  /** Ready for the next message. */
  clear(): void {
    this.filled = 0;
    this.length = -1;
    if (this.bytes.length > keptBytes) this.bytes = new Uint8Array(smallestBytes);
  }

  /** By what has come and not by what the prefix promises, which costs a peer nothing. */
  #grow(needed: number, whole: number): void {
    const bytes = new Uint8Array(Math.min(whole, Math.max(needed, this.bytes.length * 4)));
    bytes.set(this.bytes.subarray(0, this.filled));
    this.bytes = bytes;
  }
}

/** The length in a message's prefix, which begins one byte before. */
export function lengthAt(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}

const smallestBytes = 256;
/** A larger array is given up after its message. */
const keptBytes = 1024 * 1024;
