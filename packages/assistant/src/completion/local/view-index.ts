import type { SegmentFile } from './segment.ts';
import { learnedViewCount, type Surroundings, viewCount } from './surroundings.ts';

/** Places hashed, and moved, between two chances to stop: some milliseconds. */
const sliceLength = 1 << 14;
const sortSliceLength = 1 << 16;

const digitBits = 11;
const digits = 1 << digitBits;

/** Places of a segment by what the views see there: 8 bytes a token and view. */
export class ViewIndex {
  /** By view and place. */
  readonly #hashes: Int32Array;
  /** By view: places in the order of their hashes, those alike in the order of the text. */
  readonly #sorted: readonly Int32Array[];

  private constructor(hashes: Int32Array, sorted: readonly Int32Array[]) {
    this.#hashes = hashes;
    this.#sorted = sorted;
  }

  /** Each `yield` is a chance to stop. `open` gives the surroundings of a file's beginning. */
  static *build(
    tokens: Int32Array,
    files: readonly SegmentFile[],
    open: () => Surroundings,
  ): Generator<void, ViewIndex> {
    const hashes = new Int32Array(tokens.length * learnedViewCount);
    const row = new Int32Array(viewCount);
    let file = 0;
    let surroundings = open();
    for (let place = 0; place < tokens.length; place++) {
      if (files[file]?.start === place) {
        surroundings = open();
        file++;
      }
      surroundings.hash(row, 0);
      for (let view = 0; view < learnedViewCount; view++) {
        hashes[view * tokens.length + place] = row[view] as number;
      }
      surroundings.push(tokens[place] as number);
      if (place % sliceLength === 0) yield;
    }
    const sorted: Int32Array[] = [];
    for (let view = 0; view < learnedViewCount; view++) {
      const own = hashes.subarray(view * tokens.length, (view + 1) * tokens.length);
      sorted.push(yield* sortByHash(own));
    }
    return new ViewIndex(hashes, sorted);
  }

  get bytes(): number {
    return this.#hashes.byteLength * 2;
  }

  /** Ranks of the places where a view sees this: into `range` go the first and the one behind the last. */
  find(view: number, hash: number, range: Int32Array): void {
    const wanted = hash >>> 0;
    range[0] = this.#bound(view, wanted);
    range[1] = this.#bound(view, wanted + 1);
  }

  placeAt(view: number, rank: number): number {
    return (this.#sorted[view] as Int32Array)[rank] as number;
  }

  /** The first rank whose hash is not below `wanted`. */
  #bound(view: number, wanted: number): number {
    const sorted = this.#sorted[view] as Int32Array;
    const offset = view * sorted.length;
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const place = sorted[middle] as number;
      if ((this.#hashes[offset + place] as number) >>> 0 < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Places by their hashes, taken as without a sign: by counting, the lowest digit first. */
function* sortByHash(hashes: Int32Array): Generator<void, Int32Array> {
  const { length } = hashes;
  let from = new Int32Array(length);
  let to = new Int32Array(length);
  for (let i = 0; i < length; i++) from[i] = i;
  for (let shift = 0; shift < 32; shift += digitBits) {
    const next = new Int32Array(digits + 1);
    for (let i = 0; i < length; i++) {
      (next[(((hashes[i] as number) >>> shift) & (digits - 1)) + 1] as number)++;
    }
    for (let digit = 0; digit < digits; digit++) {
      (next[digit + 1] as number) += next[digit] as number;
    }
    for (let begin = 0; begin < length; begin += sortSliceLength) {
      const end = Math.min(length, begin + sortSliceLength);
      for (let i = begin; i < end; i++) {
        const place = from[i] as number;
        const digit = ((hashes[place] as number) >>> shift) & (digits - 1);
        to[(next[digit] as number)++] = place;
      }
      yield;
    }
    [from, to] = [to, from];
  }
  return from;
}
