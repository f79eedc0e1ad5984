/*
 * Two rings of bytes in one file that two processes have mapped, one for each direction:
 *
 *     0     ring 0: head u32 @0, tail u32 @64, sleeping u32 @128, starved u32 @192
 *     256   ring 1: the same
 *     512   the bytes of ring 0, then those of ring 1
 *
 * Head and tail count bytes, wrap at 2^32, and lie on cache lines of their own. Only the writer moves
 * head, only the reader moves tail.
 */

const controlBytes = 256;
const dataOffset = 2 * controlBytes;
const headWord = 0;
const tailWord = 16;
const sleepingWord = 32;
const starvedWord = 48;

/** The size of a file for two rings of this many bytes, which must be a power of two. */
export function ringFileBytes(ringBytes: number): number {
  return dataOffset + 2 * ringBytes;
}

/**
 * One direction between one writer and one reader, in memory that both processes see. The two never
 * wait for each other here; who waits sets a flag, and who sees it rings a bell elsewhere.
 */
export class Ring {
  readonly #words: Int32Array;
  readonly #data: Uint8Array;
  readonly #size: number;
  /** This side's own mark, which nobody else moves. */
  #head: number;
  #tail: number;
  /** The reader's mark as it was last seen: looked at again only when there seems to be no room. */
  #seenTail: number;

  /** `memory` is the whole file; `index` 0 is the ring from the client to the server. */
  constructor(memory: Uint8Array, index: 0 | 1, ringBytes: number) {
    const { buffer, byteOffset } = memory;
    this.#words = new Int32Array(buffer, byteOffset + index * controlBytes, controlBytes / 4);
    this.#data = new Uint8Array(buffer, byteOffset + dataOffset + index * ringBytes, ringBytes);
    this.#size = ringBytes;
    this.#head = Atomics.load(this.#words, headWord);
    this.#tail = Atomics.load(this.#words, tailWord);
    this.#seenTail = this.#tail;
  }

  /** Bytes that the reader has not taken. Above the ring's size: the other process has broken it. */
  get used(): number {
    return (Atomics.load(this.#words, headWord) - Atomics.load(this.#words, tailWord)) >>> 0;
  }

  get isBroken(): boolean {
    return this.used > this.#size;
  }

  /** For the reader: whether there is anything. To be asked before `read`, which is then always busy. */
  get hasBytes(): boolean {
    return Atomics.load(this.#words, headWord) !== this.#tail;
  }

  /** For the writer: copies as much as there is room for. @returns how many bytes that was. */
  write(bytes: Uint8Array, start: number, end: number): number {
    const head = this.#head;
    let room = this.#size - ((head - this.#seenTail) >>> 0);
    if (room < end - start) {
      this.#seenTail = Atomics.load(this.#words, tailWord);
      room = this.#size - ((head - this.#seenTail) >>> 0);
    }
    const length = Math.min(end - start, room);
    if (length <= 0) return 0;
    const at = head & (this.#size - 1);
    const first = Math.min(length, this.#size - at);
    this.#data.set(first === bytes.length ? bytes : bytes.subarray(start, start + first), at);
    if (first < length) this.#data.set(bytes.subarray(start + first, start + length), 0);
    this.#head = (head + length) | 0;
    Atomics.store(this.#words, headWord, this.#head);
    return length;
  }

  /** For the reader: takes all that is there; undefined when there is nothing, or the ring is broken. */
  read(): Uint8Array | undefined {
    const tail = this.#tail;
    const length = (Atomics.load(this.#words, headWord) - tail) >>> 0;
    if (length === 0 || length > this.#size) return undefined;
    const at = tail & (this.#size - 1);
    const first = Math.min(length, this.#size - at);
    let bytes: Uint8Array;
    if (first === length) bytes = this.#data.slice(at, at + length);
    else {
      bytes = new Uint8Array(length);
      bytes.set(this.#data.subarray(at, at + first), 0);
      bytes.set(this.#data.subarray(0, length - first), first);
    }
    this.#tail = (tail + length) | 0;
    Atomics.store(this.#words, tailWord, this.#tail);
    return bytes;
  }

  /** The reader stops looking, and wants to be told of bytes. */
  set isReaderSleeping(value: boolean) {
    Atomics.store(this.#words, sleepingWord, value ? 1 : 0);
  }

  /** Whether the reader wants to be told; asking takes the wish back. */
  takeSleepingReader(): boolean {
    return Atomics.exchange(this.#words, sleepingWord, 0) === 1;
  }

  /** The writer has more than there is room for, and wants to be told of room. */
  set isWriterStarved(value: boolean) {
    Atomics.store(this.#words, starvedWord, value ? 1 : 0);
  }

  takeStarvedWriter(): boolean {
    return Atomics.exchange(this.#words, starvedWord, 0) === 1;
  }
}
