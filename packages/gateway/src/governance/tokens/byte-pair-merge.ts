import type { Vocabulary } from './vocabulary.ts';

/** Rank and position make one number, which orders the heap: the rank stands above this. */
const positions = 2 ** 32;
const firstRoom = 64;

/**
 * Merges the bytes of a piece of text to tokens, as byte-pair encoding does: of all neighbours that
 * together are a token, those of the lowest rank first, the leftmost of equals. A heap of the pairs
 * makes the time n log n in the length of the piece. One serves any number of pieces, one at a time.
 */
export class BytePairMerge {
  readonly #vocabulary: Vocabulary;
  /** By the first byte of a part: where the next starts, where the one before does. */
  #next = new Uint32Array(firstRoom);
  #previous = new Int32Array(firstRoom);
  /** By the first byte of a part: the rank of it and the next together, -1 where that is no token. */
  #ranks = new Int32Array(firstRoom);
  /** What may be merged; a pair that is no more is found out by its rank. */
  #heap = new Float64Array(3 * firstRoom);
  #heapSize = 0;

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
  }

  /** How many tokens the first `length` bytes are. */
  count(bytes: Uint8Array, length: number): number {
    this.#begin(length);
    for (let at = 0; at < length; at++) this.#rankPair(bytes, at, length);
    let parts = length;
    while (this.#heapSize > 0) {
      const lowest = this.#pop();
      const rank = Math.floor(lowest / positions);
      const at = lowest - rank * positions;
      if (this.#ranks[at] !== rank) continue;
      this.#merge(bytes, at, length);
      parts -= 1;
    }
    return parts;
  }

  #begin(length: number): void {
    if (length > this.#next.length) {
      const room = 2 * length;
      this.#next = new Uint32Array(room);
      this.#previous = new Int32Array(room);
      this.#ranks = new Int32Array(room);
      // A pair for every byte, and two new ones for every merge.
      this.#heap = new Float64Array(3 * room);
    }
    this.#heapSize = 0;
    for (let at = 0; at < length; at++) {
      this.#next[at] = at + 1;
      this.#previous[at] = at - 1;
    }
  }

  #merge(bytes: Uint8Array, at: number, length: number): void {
    const merged = this.#next[at] ?? length;
    const after = this.#next[merged] ?? length;
    this.#next[at] = after;
    this.#ranks[merged] = -1;
    if (after < length) this.#previous[after] = at;
    this.#rankPair(bytes, at, length);
    const before = this.#previous[at] ?? -1;
    if (before >= 0) this.#rankPair(bytes, before, length);
  }

  #rankPair(bytes: Uint8Array, at: number, length: number): void {
    const second = this.#next[at] ?? length;
    const end = second < length ? (this.#next[second] ?? length) : 0;
    const rank = end === 0 ? -1 : this.#vocabulary.rankOf(bytes, at, end);
    this.#ranks[at] = rank;
    if (rank >= 0) this.#push(rank * positions + at);
  }

  #push(value: number): void {
    const heap = this.#heap;
    let at = this.#heapSize++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] ?? 0;
      if (above <= value) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = value;
  }

  #pop(): number {
    const heap = this.#heap;
    const lowest = heap[0] ?? 0;
    const size = --this.#heapSize;
    const value = heap[size] ?? 0;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && (heap[child + 1] ?? 0) < (heap[child] ?? 0)) child += 1;
      const below = heap[child] ?? 0;
      if (below >= value) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = value;
    return lowest;
  }
}
