/** Bytes that wait, for credit or for a reader: copied in at the end, taken at the front. */
export class HeldBytes {
  bytes: Uint8Array;
  start = 0;
  end = 0;

  constructor(capacity: number) {
    this.bytes = new Uint8Array(Math.max(capacity, 1024));
  }

  get length(): number {
    return this.end - this.start;
  }

  append(bytes: Uint8Array, from = 0, to: number = bytes.length): void {
    this.#reserve(to - from);
    this.bytes.set(bytes.subarray(from, to), this.end);
    this.end += to - from;
  }

  /** A message's prefix: whether it is compressed, and its length. */
  appendPrefix(compressed: number, length: number): void {
    this.#reserve(5);
    const { bytes, end } = this;
    bytes[end] = compressed;
    bytes[end + 1] = length >>> 24;
    bytes[end + 2] = length >>> 16;
    bytes[end + 3] = length >>> 8;
    bytes[end + 4] = length;
    this.end += 5;
  }

  #reserve(count: number): void {
    if (this.bytes.length - this.end >= count) return;
    const { length } = this;
    const needed = length + count;
    // What has left is given up first; an array is kept only while that frees half of it.
    const into =
      needed * 2 <= this.bytes.length ? this.bytes : new Uint8Array(Math.max(needed, length * 2));
    if (into === this.bytes) into.copyWithin(0, this.start, this.end);
    else into.set(this.bytes.subarray(this.start, this.end));
    this.bytes = into;
    this.start = 0;
    this.end = length;
  }
}
