import { RpcError } from '../rpc-error.ts';
import { appendUnknown, copyBytes, noBytes } from './unknown-fields.ts';
import { readLooseUtf8, readUtf8 } from './utf8.ts';

/** How deep messages and groups may be nested, as in every official implementation. */
export const maxMessageDepth = 100;

/** Bytes seen as numbers. A DataView is the quickest way to a bigint. */
const scratch = new DataView(new ArrayBuffer(8));
const double64 = new Float64Array(scratch.buffer);
const float32 = new Float32Array(scratch.buffer);
const words = new Int32Array(scratch.buffer);
/** Where the lower word of a double is, by the order of bytes of this machine. */
const low: number = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 0 : 1;
const high: number = 1 - low;

/** Puts a group's depth above its field number, which is below 2 ** 29. */
const depthFactor = 2 ** 29;

/**
 * Reads the binary format of protobuf. One reader serves one message after the other.
 *
 * Every method throws RpcError invalid_argument for bytes that are not what it reads. Lengths and
 * varints are checked against the end of the bytes; that a message ends where its length says is
 * checked by `close`, and by `decodeMessage` for the outermost.
 *
 * Source: https://protobuf.dev/programming-guides/encoding/
 */
export class Reader {
  private source: Uint8Array = noBytes;
  position = 0;
  private depth = 0;
  /** Depth and number of the group being read, 0 for none. */
  private group = 0;
  /** The upper word of the last varint. */
  private upper = 0;

  /** The number of bytes there are. */
  get length(): number {
    return this.source.length;
  }

  reset(bytes: Uint8Array): void {
    // A plain Uint8Array copies with `slice`, and is quicker to read than now this, now a Buffer.
    this.source =
      bytes.constructor === Uint8Array
        ? bytes
        : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    this.position = 0;
    this.depth = 0;
    this.group = 0;
  }

  /** A field's number and wire type, `number << 3 | wireType`, both of them legal. */
  tag(): number {
    const start = this.position;
    let tag = this.source[start] as number;
    if (tag < 0x80) {
      this.position = start + 1;
    } else {
      tag = this.varint();
      const size = this.position - start;
      if (size > 5 || (size === 5 && (this.source[start + 4] as number) > 0x0f)) {
        throw this.fault(start, 'a tag that is longer than 32 bits');
      }
      tag >>>= 0;
    }
    if (tag < 8) throw this.fault(start, 'a field with the number 0');
    if ((tag & 7) > 5) throw this.fault(start, `the unknown wire type ${tag & 7}`);
    return tag;
  }

  bool(): boolean {
    const low = this.varint();
    return low !== 0 || this.upper !== 0;
  }

  int32(): number {
    return this.varint() | 0;
  }

  uint32(): number {
    return this.varint() >>> 0;
  }

  sint32(): number {
    const value = this.varint();
    return (value >>> 1) ^ -(value & 1);
  }

  int64(): bigint {
    return signed64(this.varint(), this.upper);
  }

  uint64(): bigint {
    return unsigned64(this.varint(), this.upper);
  }

  sint64(): bigint {
    const value = this.varint();
    const { upper } = this;
    const sign = -(value & 1);
    return signed64(((value >>> 1) | (upper << 31)) ^ sign, (upper >>> 1) ^ sign);
  }

  fixed32(): number {
    return this.word() >>> 0;
  }

  sfixed32(): number {
    return this.word();
  }

  fixed64(): bigint {
    return unsigned64(this.word(), this.word());
  }

  sfixed64(): bigint {
    return signed64(this.word(), this.word());
  }

  float(): number {
    words[0] = this.word();
    return float32[0] as number;
  }

  double(): number {
    words[low] = this.word();
    words[high] = this.word();
    return double64[0] as number;
  }

  /** A text with its length. Bytes that are not UTF-8 are an error. */
  string(): string {
    const end = this.lengthEnd();
    const start = this.position;
    const text = readUtf8(this.source, start, end);
    if (text === undefined) throw this.fault(start, 'a string that is not UTF-8');
    this.position = end;
    return text;
  }

  /** A text with its length, with U+FFFD for what is not UTF-8: where the schema asks no check. */
  looseString(): string {
    const end = this.lengthEnd();
    const text = readLooseUtf8(this.source, this.position, end);
    this.position = end;
    return text;
  }

  /** Bytes with their length, as an own copy. */
  bytes(): Uint8Array {
    const end = this.lengthEnd();
    const copy = copyBytes(this.source, this.position, end);
    this.position = end;
    return copy;
  }

  /** The length of packed values: answers where they end. */
  lengthEnd(): number {
    const start = this.position;
    const length = this.varint() >>> 0;
    const end = this.position + length;
    if (end > this.source.length || this.upper !== 0) {
      const left = this.source.length - this.position;
      throw this.fault(start, `a length of ${length} bytes where ${left} are left`);
    }
    return end;
  }

  /** Begins a message: reads its length and answers where it ends. `close` follows. */
  open(): number {
    const end = this.lengthEnd();
    if (++this.depth >= maxMessageDepth) throw this.tooDeep();
    return end;
  }

  /** Ends what `open` or `lengthEnd` began: it must have been read to its end. */
  close(end: number): void {
    this.depth--;
    this.checkEnd(end);
  }

  /** That what was read ends at `end`. */
  checkEnd(end: number): void {
    if (this.position === end) return;
    throw this.fault(end, 'the end of a message or of packed values inside of a field');
  }

  /** Begins a group after its tag. The answer goes to `closeGroup`. */
  openGroup(number: number): number {
    const outer = this.group;
    if (++this.depth >= maxMessageDepth) throw this.tooDeep();
    this.group = this.depth * depthFactor + number;
    return outer;
  }

  /** Whether this tag ends the group that is read: then the message's decoder returns. */
  endsGroup(tag: number): boolean {
    if ((tag & 7) !== 4) return false;
    if (this.group !== this.depth * depthFactor + (tag >>> 3)) {
      throw this.fault(this.position, `the end of a group ${tag >>> 3} that has not begun here`);
    }
    this.group = 0;
    return true;
  }

  /** Ends what `openGroup` began. */
  closeGroup(outer: number): void {
    if (this.group !== 0) throw this.fault(this.position, 'the end of a message inside of a group');
    this.depth--;
    this.group = outer;
  }

  /**
   * Passes over a field that the message does not have and appends it, from its tag at `start`, to
   * the unknown fields that the message has already.
   */
  unknown(tag: number, start: number, held: Uint8Array | undefined): Uint8Array {
    this.skip(tag);
    return appendUnknown(held, this.source, start, this.position);
  }

  /** Appends what was read since `start` to the unknown fields. */
  keep(start: number, held: Uint8Array | undefined): Uint8Array {
    return appendUnknown(held, this.source, start, this.position);
  }

  /** Passes over the value of a field with this tag. */
  skip(tag: number): void {
    switch (tag & 7) {
      case 0:
        this.varint();
        return;
      case 1:
        this.advance(8);
        return;
      case 2:
        this.position = this.lengthEnd();
        return;
      case 3:
        this.skipGroup(tag >>> 3);
        return;
      case 4:
        throw this.fault(this.position, 'the end of a group that has not begun');
      default:
        this.advance(4);
    }
  }

  /** An error about the bytes at this offset. */
  fault(offset: number, what: string): RpcError {
    return new RpcError('invalid_argument', `at byte ${offset} of the message: ${what}`);
  }

  private skipGroup(number: number): void {
    const outer = this.openGroup(number);
    for (;;) {
      const tag = this.tag();
      if (this.endsGroup(tag)) break;
      this.skip(tag);
    }
    this.closeGroup(outer);
  }

  private advance(count: number): void {
    if (this.position + count > this.source.length) throw this.truncated();
    this.position += count;
  }

  /** The lower word of a varint of up to ten bytes; `upper` gets the other. */
  private varint(): number {
    const first = this.source[this.position] as number;
    if (first < 0x80) {
      this.position++;
      this.upper = 0;
      return first;
    }
    return this.longVarint();
  }

  private longVarint(): number {
    const { source: bytes, position } = this;
    let value = 0;
    let at = position;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) throw this.truncated();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.position = at;
        this.upper = 0;
        return value;
      }
    }
    const middle = bytes[at++];
    if (middle === undefined) throw this.truncated();
    value |= (middle & 0x0f) << 28;
    let upper = (middle & 0x70) >> 4;
    if (middle >= 0x80) {
      for (let shift = 3; ; shift += 7) {
        const byte = bytes[at++];
        if (byte === undefined) throw this.truncated();
        upper |= (byte & 0x7f) << shift;
        if (byte < 0x80) break;
        if (shift === 31) throw this.fault(position, 'a varint that is longer than ten bytes');
      }
    }
    this.position = at;
    this.upper = upper;
    return value;
  }

  private word(): number {
    const { source: bytes, position } = this;
    if (position + 4 > bytes.length) throw this.truncated();
    this.position = position + 4;
    return (
      (bytes[position] as number) |
      ((bytes[position + 1] as number) << 8) |
      ((bytes[position + 2] as number) << 16) |
      ((bytes[position + 3] as number) << 24)
    );
  }

  private truncated(): RpcError {
    return this.fault(this.source.length, 'the message ends inside of a field');
  }

  private tooDeep(): RpcError {
    return this.fault(
      this.position,
      `messages nested deeper than ${maxMessageDepth}; that is the limit`,
    );
  }
}

function signed64(lower: number, upper: number): bigint {
  scratch.setInt32(0, lower, true);
  scratch.setInt32(4, upper, true);
  return scratch.getBigInt64(0, true);
}

function unsigned64(lower: number, upper: number): bigint {
  scratch.setInt32(0, lower, true);
  scratch.setInt32(4, upper, true);
  return scratch.getBigUint64(0, true);
}
