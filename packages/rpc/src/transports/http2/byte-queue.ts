/**
 * Bytes on their way to a socket: one array that is written at its end. Who writes calls `reserve`
 * first, then sets `bytes` from `length` on and moves `length`.
 */
export class ByteQueue {
  bytes: Uint8Array = nothing;
  length = 0;

  /** Makes room for so many more bytes. */
  reserve(more: number): void {
    if (this.bytes.length - this.length < more) this.#grow(this.length + more);
  }

  /** Appends a copy of the bytes from `start` to `end`. */
  append(from: Uint8Array, start = 0, end: number = from.length): void {
    const count = end - start;
    this.reserve(count);
    const { bytes } = this;
    if (count <= loopUpTo) {
      let at = this.length;
      for (let i = start; i < end; i++) bytes[at++] = from[i] as number;
    } else {
      bytes.set(count === from.length ? from : from.subarray(start, end), this.length);
    }
    this.length += count;
  }

  /** Forgets the bytes. An idle queue holds no array: those of the common size are shared by all. */
  clear(): void {
    this.#recycle();
    this.bytes = nothing;
    this.length = 0;
  }

  #grow(needed: number): void {
    const next =
      needed <= queueBytes
        ? (pool.pop() ?? new Uint8Array(queueBytes))
        : new Uint8Array(2 ** Math.ceil(Math.log2(needed)));
    if (this.length > 0) next.set(this.bytes.subarray(0, this.length));
    this.#recycle();
    this.bytes = next;
  }

  #recycle(): void {
    if (this.bytes.length === queueBytes && pool.length < maxPooled) pool.push(this.bytes);
  }
}

/** The common size of a queue, in bytes: who can should send before more is in it. */
export const queueBytes: number = 64 * 1024;

const nothing = new Uint8Array(0);
const maxPooled = 64;
const pool: Uint8Array[] = [];
/** Up to here a loop is faster than a view and `set`. */
const loopUpTo = 48;
