import { RpcError } from '../rpc-error.ts';
import { writeUtf8 } from './utf8.ts';

/** What a writer starts with, in bytes. */
const initialCapacity = 1024;
/** A buffer that has grown past this is not kept for the next message: 1 MiB. */
const maxKeptCapacity = 1024 * 1024;

const maxSigned64 = 2n ** 63n - 1n;
const minSigned64 = -(2n ** 63n);
const maxUnsigned64 = 2n ** 64n - 1n;

/** One 64-bit value seen as bigint, number and two words, for the order of bytes of this machine. */
const signed64 = new BigInt64Array(1);
const unsigned64 = new BigUint64Array(signed64.buffer);
const double64 = new Float64Array(signed64.buffer);
const float32 = new Float32Array(signed64.buffer);
const words = new Int32Array(signed64.buffer);
const low: number = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 0 : 1;
const high: number = 1 - low;

/**
 * Writes the binary format of protobuf into a buffer that grows. One writer serves one message after
 * the other.
 *
 * Every method throws RpcError invalid_argument for a value that its type cannot hold; what the
 * writer then holds is of no use until `reset`.
 *
 * Source: https://protobuf.dev/programming-guides/encoding/
 */
export class Writer {
  private buffer: Uint8Array = new Uint8Array(initialCapacity);
  private position = 0;

  /** The number of bytes written. */
  get length(): number {
    return this.position;
  }

  /** Forgets what was written. What `view` gave is no longer valid. */
  reset(): void {
    this.position = 0;
    if (this.buffer.length > maxKeptCapacity) this.buffer = new Uint8Array(initialCapacity);
  }

  /** What was written, lent until the next write or `reset`. */
  view(): Uint8Array {
    return this.buffer.subarray(0, this.position);
  }

  /** What was written, as an own copy. */
  copy(): Uint8Array {
    return this.buffer.slice(0, this.position);
  }

  /** A field's number and wire type: `(number << 3 | wireType) >>> 0`. */
  tag(tag: number): void {
    if (tag < 0x80) {
      if (this.position === this.buffer.length) this.grow(1);
      this.buffer[this.position++] = tag;
    } else {
      this.varint32(tag);
    }
  }

  bool(value: boolean): void {
    if (this.position === this.buffer.length) this.grow(1);
    this.buffer[this.position++] = value ? 1 : 0;
  }

  int32(value: number): void {
    if ((value | 0) !== value) throw outOfRange('int32', value);
    if (value >= 0) this.varint32(value);
    else this.varint64(value, -1);
  }

  uint32(value: number): void {
    if (value >>> 0 !== value) throw outOfRange('uint32', value);
    this.varint32(value);
  }

  sint32(value: number): void {
    if ((value | 0) !== value) throw outOfRange('sint32', value);
    this.varint32(((value << 1) ^ (value >> 31)) >>> 0);
  }

  int64(value: bigint): void {
    setSigned64('int64', value);
    this.varint64(words[low] as number, words[high] as number);
  }

  uint64(value: bigint): void {
    setUnsigned64('uint64', value);
    this.varint64(words[low] as number, words[high] as number);
  }

  sint64(value: bigint): void {
    setSigned64('sint64', value);
    const lowWord = words[low] as number;
    const highWord = words[high] as number;
    const sign = highWord >> 31;
    this.varint64((lowWord << 1) ^ sign, ((highWord << 1) | (lowWord >>> 31)) ^ sign);
  }

  fixed32(value: number): void {
    if (value >>> 0 !== value) throw outOfRange('fixed32', value);
    this.word(value);
  }

  sfixed32(value: number): void {
    if ((value | 0) !== value) throw outOfRange('sfixed32', value);
    this.word(value);
  }

  fixed64(value: bigint): void {
    setUnsigned64('fixed64', value);
    this.word(words[low] as number);
    this.word(words[high] as number);
  }

  sfixed64(value: bigint): void {
    setSigned64('sfixed64', value);
    this.word(words[low] as number);
    this.word(words[high] as number);
  }

  /** A finite number that is too large for 32 bits is refused, as protobuf-es does. */
  float(value: number): void {
    if (typeof value !== 'number') throw outOfRange('float', value);
    float32[0] = value;
    if (Math.abs(float32[0]) === Infinity && Number.isFinite(value)) {
      throw outOfRange('float', value);
    }
    this.word(words[0] as number);
  }

  double(value: number): void {
    if (typeof value !== 'number') throw outOfRange('double', value);
    double64[0] = value;
    const lowWord = words[low] as number;
    const highWord = words[high] as number;
    this.word(lowWord);
    this.word(highWord);
  }

  /** With its length. A lone surrogate, which UTF-8 cannot say, is refused. */
  string(value: string): void {
    if (typeof value !== 'string') throw outOfRange('string', value);
    const { length } = value;
    // Three bytes for a code unit at most, five for the length.
    const most = this.position + length * 3 + 5;
    if (most > this.buffer.length) this.grow(length * 3 + 5);
    this.position = writeUtf8(value, this.buffer, this.position);
  }

  /** With its length. */
  bytes(value: Uint8Array): void {
    if (!(value instanceof Uint8Array)) throw outOfRange('bytes', value);
    this.varint32(value.length);
    this.raw(value);
  }

  /** As they are: fields that are encoded already. */
  raw(value: Uint8Array): void {
    const end = this.position + value.length;
    if (end > this.buffer.length) this.grow(value.length);
    this.buffer.set(value, this.position);
    this.position = end;
  }

  /** Begins what is preceded by its length. The answer goes to `end`. */
  begin(): number {
    if (this.position === this.buffer.length) this.grow(1);
    return this.position++;
  }

  /** Puts the length of what was written since `begin` before it. */
  end(begin: number): void {
    const length = this.position - begin - 1;
    if (length < 0x80) {
      this.buffer[begin] = length;
      return;
    }
    const more = sizeOfVarint32(length) - 1;
    if (this.position + more > this.buffer.length) this.grow(more);
    this.buffer.copyWithin(begin + 1 + more, begin + 1, this.position);
    const { position } = this;
    this.position = begin;
    this.varint32(length);
    this.position = position + more;
  }

  private varint32(value: number): void {
    if (this.position + 5 > this.buffer.length) this.grow(5);
    const { buffer } = this;
    let { position } = this;
    let rest = value;
    while (rest > 0x7f) {
      buffer[position++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    buffer[position++] = rest;
    this.position = position;
  }

  private varint64(lowWord: number, highWord: number): void {
    if (this.position + 10 > this.buffer.length) this.grow(10);
    const { buffer } = this;
    let { position } = this;
    let lowRest = lowWord >>> 0;
    let highRest = highWord >>> 0;
    while (highRest !== 0) {
      buffer[position++] = (lowRest & 0x7f) | 0x80;
      lowRest = ((lowRest >>> 7) | (highRest << 25)) >>> 0;
      highRest >>>= 7;
    }
    while (lowRest > 0x7f) {
      buffer[position++] = (lowRest & 0x7f) | 0x80;
      lowRest >>>= 7;
    }
    buffer[position++] = lowRest;
    this.position = position;
  }

  private word(value: number): void {
    const { position } = this;
    if (position + 4 > this.buffer.length) this.grow(4);
    const { buffer } = this;
    buffer[position] = value;
    buffer[position + 1] = value >>> 8;
    buffer[position + 2] = value >>> 16;
    buffer[position + 3] = value >>> 24;
    this.position = position + 4;
  }

  private grow(bytes: number): void {
    const needed = this.position + bytes;
    let capacity = this.buffer.length * 2;
    while (capacity < needed) capacity *= 2;
    const buffer = new Uint8Array(capacity);
    buffer.set(this.buffer.subarray(0, this.position));
    this.buffer = buffer;
  }
}

function sizeOfVarint32(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  return value < 0x1000_0000 ? 4 : 5;
}

function setSigned64(type: string, value: bigint): void {
  if (typeof value !== 'bigint' || value > maxSigned64 || value < minSigned64) {
    throw outOfRange(type, value);
  }
  signed64[0] = value;
}

function setUnsigned64(type: string, value: bigint): void {
  if (typeof value !== 'bigint' || value > maxUnsigned64 || value < 0n) {
    throw outOfRange(type, value);
  }
  unsigned64[0] = value;
}

function outOfRange(type: string, value: unknown): RpcError {
  const shown =
    typeof value === 'number' || typeof value === 'bigint' ? `${value}` : `a ${typeof value}`;
  return new RpcError('invalid_argument', `${shown} is not a value of protobuf's type ${type}`);
}
