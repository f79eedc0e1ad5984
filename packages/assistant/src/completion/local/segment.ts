import type { CodeTokens } from './code-tokens.ts';
import { maxOrder, sortContexts } from './sorted-contexts.ts';
import type { Surroundings } from './surroundings.ts';
import { ViewIndex } from './view-index.ts';

/** A file of a segment: its tokens begin at `start`, with the mark `fileStart`. */
export interface SegmentFile {
  readonly path: string;
  readonly start: number;
}

/** Token streams of files, one after the other, not sorted yet. */
export interface SegmentSource {
  readonly tokens: CodeTokens;
  readonly files: readonly SegmentFile[];
}

/**
 * Token streams of some files and their contexts in order: 9 bytes a token, and 32 more for what views
 * see. It never changes but that files die, when they were changed or removed, and that views come and go.
 */
export class Segment {
  readonly tokens: Int32Array;
  readonly gaps: Uint8Array;
  readonly files: readonly SegmentFile[];
  /** Undefined until `look` is done, and after `forgetViews`. */
  views: ViewIndex | undefined;
  /** By file; what was changed since or is gone is not learned from. */
  readonly isDead: Uint8Array;
  readonly #sorted: Int32Array;
  /** The file of each block's first token. */
  readonly #fileOfBlock: Int32Array;
  #deadTokens = 0;

  private constructor(source: SegmentSource, sorted: Int32Array) {
    const { length } = source.tokens;
    this.tokens = source.tokens.ids.slice(0, length);
    this.gaps = source.tokens.gaps.slice(0, length);
    this.files = source.files;
    this.isDead = new Uint8Array(source.files.length);
    this.#sorted = sorted;
    this.#fileOfBlock = fileOfBlocks(source.files, length);
  }

  /** Sorts in slices: between two `yield`s some milliseconds pass. */
  static *build(source: SegmentSource, vocabularySize: number): Generator<void, Segment> {
    const tokens = source.tokens.ids.subarray(0, source.tokens.length);
    const sorted = yield* sortContexts(tokens, vocabularySize);
    return new Segment(source, sorted);
  }

  /** Has the views look at it, in slices; `open` gives the surroundings of a file's beginning. */
  *look(open: () => Surroundings): Generator<void, void> {
    this.views ??= yield* ViewIndex.build(this.tokens, this.files, open);
  }

  get bytes(): number {
    const own = this.tokens.length * 9 + this.#fileOfBlock.byteLength + this.files.length * 200;
    return own + (this.views?.bytes ?? 0);
  }

  get liveTokens(): number {
    return this.tokens.length - this.#deadTokens;
  }

  get deadTokens(): number {
    return this.#deadTokens;
  }

  /** Gives how many tokens have died. */
  kill(file: number): number {
    if (this.isDead[file] === 1) return 0;
    this.isDead[file] = 1;
    const dead = this.endOf(file) - (this.files[file]?.start ?? 0);
    this.#deadTokens += dead;
    return dead;
  }

  /** Where a file's tokens end. */
  endOf(file: number): number {
    return this.files[file + 1]?.start ?? this.tokens.length;
  }

  fileAt(place: number): number {
    let file = this.#fileOfBlock[place >> blockBits] as number;
    while (this.endOf(file) <= place) file++;
    return file;
  }

  /** The place that stands at a rank of the sorted contexts. */
  placeAt(rank: number): number {
    return this.#sorted[rank] as number;
  }

  /**
   * Ranks of the places that follow `context`, the nearest token first, by order: into `ranges` go start
   * and end for 1 token, for 2, and so on. Gives the highest order that is found.
   */
  findRanges(context: Int32Array, length: number, ranges: Int32Array): number {
    let low = 0;
    let high = this.tokens.length;
    const most = Math.min(length, maxOrder);
    for (let order = 1; order <= most; order++) {
      const token = context[order - 1] as number;
      const start = this.#lowerBound(order, token, low, high);
      const end = this.#lowerBound(order, token + 1, start, high);
      if (start === end) return order - 1;
      ranges[order * 2 - 2] = start;
      ranges[order * 2 - 1] = end;
      low = start;
      high = end;
    }
    return most;
  }

  /** The first rank within the range whose token `order` before its place is not below `token`. */
  #lowerBound(order: number, token: number, from: number, to: number): number {
    const { tokens } = this;
    const sorted = this.#sorted;
    let low = from;
    let high = to;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const place = (sorted[middle] as number) - order;
      if ((place >= 0 ? (tokens[place] as number) : 0) < token) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const blockBits = 7;

function fileOfBlocks(files: readonly SegmentFile[], length: number): Int32Array {
  const blocks = new Int32Array((length >> blockBits) + 1);
  let file = 0;
  for (let block = 0; block < blocks.length; block++) {
    const place = block << blockBits;
    while (file + 1 < files.length && (files[file + 1]?.start ?? length) <= place) file++;
    blocks[block] = file;
  }
  return blocks;
}
