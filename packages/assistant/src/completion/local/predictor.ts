import { gaps } from './code-tokens.ts';
import type { Segment } from './segment.ts';
import { maxOrder } from './sorted-contexts.ts';
import type { TokenChain } from './token-chain.ts';
import { specialTokens } from './vocabulary.ts';

/** How near a file is to the one that is written: the nested caches, from the widest to the narrowest. */
export const levels = { project: 0, near: 1, folder: 2, file: 3, count: 4, dead: 255 } as const;

/** What is learned from. */
export interface Sources {
  /** The file that is written, before the place and behind it. */
  readonly chains: readonly TokenChain[];
  readonly segments: readonly RankedSegment[];
}

export interface RankedSegment {
  readonly segment: Segment;
  /** Of each of its files. */
  readonly levels: Uint8Array;
}

/** Occurrences of a context that are looked at, of those in the open file and of those in a segment. */
const maxFileOccurrences = 600;
const maxSegmentOccurrences = 512;
const minSegmentOccurrences = 48;

/** Tokens of the open file that are looked through for words that begin as what was typed. */
const maxScannedTokens = 20_000;

/**
 * How much is left to wider levels and lower orders: of `n` occurrences with `t` different continuations
 * `n / (n + backOff × (1 + backOffPerType × t))` is kept. By level; found by search on other projects.
 */
const backOff = [4, 2, 1, 0.4] as const;
const backOffPerType = 2;

/** What an occurrence counts in the open file when it is the latest. */
const latestWeight = 2;

/** Below this share nothing that is left could change the order of what is found. */
const negligible = 1e-5;

/** All that could come next, with its probability: valid until the next prediction. */
export interface Prediction {
  readonly count: number;
  readonly ids: Int32Array;
  readonly probabilities: Float64Array;
  /** The share of each that stood behind a blank. */
  readonly blankShares: Float32Array;
  /** Tokens of context that the open file and the project had in the same order before. */
  readonly fileOrder: number;
  readonly projectOrder: number;
  /** What is left for tokens that were never seen in such a place. */
  readonly rest: number;
}

/** Narrows a prediction to tokens that begin as what was typed does. */
export interface Narrowing {
  readonly accepts: (id: number) => boolean;
  /** All that are accepted, for where the context says nothing; and how often each was seen. */
  readonly ids: readonly number[];
  readonly usesOf: (id: number) => number;
}

/**
 * Says what comes after a context: a nested-cache n-gram (Hellendoorn & Devanbu, FSE 2017). Each order and
 * each level gives its relative frequencies, and what it is unsure of goes to the next wider one
 * (Witten-Bell). From the longest context to the shortest, so that a sure answer ends early. Not to be
 * used by two at a time: its arrays are reused.
 */
export class Predictor {
  /** By id: 0 unseen, -1 refused, else the candidate's number plus one. */
  #slots = new Int32Array(1 << 12);
  #touched = new Int32Array(1 << 10);
  #touchedCount = 0;

  #count = 0;
  #ids = new Int32Array(1 << 10);
  #probabilities = new Float64Array(1 << 10);
  /** Occurrences so far, by candidate and level; a level has those of the narrower ones but the file's. */
  #counts = new Float32Array(levels.count << 10);
  #blank = new Float32Array(1 << 10);
  #votes = new Float32Array(1 << 10);

  readonly #sums = new Float64Array(levels.count);
  readonly #types = new Float64Array(levels.count);
  #rest = 1;
  #accepts: ((id: number) => boolean) | undefined;

  readonly #fileHeads = new Int32Array(maxOrder + 1);
  readonly #fileNext = new Int32Array(maxFileOccurrences);
  readonly #fileIds = new Int32Array(maxFileOccurrences);
  readonly #fileGaps = new Uint8Array(maxFileOccurrences);
  #ranges: Int32Array[] = [];
  #orders: number[] = [];

  /**
   * What follows `context`, the nearest token first. With a narrowing the probabilities are those among
   * what it accepts.
   */
  predict(
    sources: Sources,
    context: Int32Array,
    length: number,
    narrowing?: Narrowing,
  ): Prediction {
    this.#reset();
    this.#accepts = narrowing?.accepts;
    const fileOrder = this.#findInFile(sources.chains, context, length);
    const projectOrder = this.#findInProject(sources.segments, context, length);
    for (let order = Math.max(fileOrder, projectOrder); order >= 1; order--) {
      this.#addFile(order);
      this.#addSegments(sources.segments, order);
      this.#mix();
      if (this.#rest < negligible) break;
    }
    if (narrowing !== undefined) this.#addWithoutContext(sources.chains, narrowing);
    const blankShares = this.#blank;
    for (let slot = 0; slot < this.#count; slot++) {
      const votes = this.#votes[slot] as number;
      blankShares[slot] = votes > 0 ? (blankShares[slot] as number) / votes : 0;
    }
    return {
      count: this.#count,
      ids: this.#ids,
      probabilities: this.#probabilities,
      blankShares,
      fileOrder,
      projectOrder,
      rest: this.#rest,
    };
  }

  #reset(): void {
    for (let i = 0; i < this.#touchedCount; i++) this.#slots[this.#touched[i] as number] = 0;
    this.#touchedCount = 0;
    this.#count = 0;
    this.#rest = 1;
    this.#sums.fill(0);
    this.#types.fill(0);
    this.#fileHeads.fill(-1);
  }

  /** Notes the occurrences in the open file by how much of the context they share. */
  #findInFile(chains: readonly TokenChain[], context: Int32Array, length: number): number {
    let seen = 0;
    let highest = 0;
    for (const chain of chains) {
      const most = seen + maxFileOccurrences / chains.length;
      let place = chain.latestAfter(context[0] as number);
      for (; place >= 0 && seen < most; place = chain.earlier(place)) {
        const order = sharedOrder(chain, place, context, length);
        this.#fileIds[seen] = chain.id(place);
        this.#fileGaps[seen] = chain.gap(place);
        this.#fileNext[seen] = this.#fileHeads[order] as number;
        this.#fileHeads[order] = seen++;
        if (order > highest) highest = order;
      }
    }
    return highest;
  }

  #findInProject(segments: readonly RankedSegment[], context: Int32Array, length: number): number {
    let highest = 0;
    for (let i = 0; i < segments.length; i++) {
      this.#ranges[i] ??= new Int32Array(maxOrder * 2);
      const ranges = this.#ranges[i] as Int32Array;
      const order = segments[i]?.segment.findRanges(context, length, ranges) ?? 0;
      this.#orders[i] = order;
      if (order > highest) highest = order;
    }
    return highest;
  }

  #addFile(order: number): void {
    for (let i = this.#fileHeads[order] as number; i >= 0; i = this.#fileNext[i] as number) {
      const weight = i === 0 ? latestWeight : 1;
      const isBlank = this.#fileGaps[i] !== gaps.none;
      this.#add(this.#fileIds[i] as number, levels.file, weight, order, isBlank);
    }
  }

  /** The occurrences that share `order` tokens and no more: some of them, where there are many. */
  #addSegments(segments: readonly RankedSegment[], order: number): void {
    const most = Math.max(minSegmentOccurrences, maxSegmentOccurrences / segments.length);
    for (let i = 0; i < segments.length; i++) {
      const found = this.#orders[i] as number;
      if (found < order) continue;
      const ranges = this.#ranges[i] as Int32Array;
      const start = ranges[order * 2 - 2] as number;
      const end = ranges[order * 2 - 1] as number;
      const innerStart = found > order ? (ranges[order * 2] as number) : start;
      const innerEnd = found > order ? (ranges[order * 2 + 1] as number) : start;
      const size = innerStart - start + (end - innerEnd);
      const step = Math.max(1, size / most);
      for (let at = 0; at < size; at += step) {
        const rank = start + Math.floor(at);
        const isBefore = rank < innerStart;
        this.#addPlace(
          segments[i] as RankedSegment,
          isBefore ? rank : rank - innerStart + innerEnd,
          step,
          order,
        );
      }
    }
  }

  /** Order 0: what the file and the project have, wherever it stands. */
  #addWithoutContext(chains: readonly TokenChain[], { ids, usesOf }: Narrowing): void {
    for (const chain of chains) {
      const first = Math.max(0, chain.length - maxScannedTokens);
      for (let place = first; place < chain.length; place++) {
        this.#add(chain.id(place), levels.file, 1, 0, false);
      }
    }
    for (const id of ids) this.#add(id, levels.project, usesOf(id), 0, false);
    this.#mix();
  }

  #addPlace(
    { levels: fileLevels, segment }: RankedSegment,
    rank: number,
    weight: number,
    order: number,
  ): void {
    const place = segment.placeAt(rank);
    const file = segment.fileAt(place);
    const level = fileLevels[file] as number;
    if (level === levels.dead || segment.isDead[file] === 1) return;
    const isBlank = segment.gaps[place] !== gaps.none;
    this.#add(segment.tokens[place] as number, level, weight, order, isBlank);
  }

  #add(id: number, level: number, weight: number, order: number, isBlank: boolean): void {
    const slot = this.#slotOf(id);
    if (slot < 0) return;
    const base = slot * levels.count;
    // What the folder has, the project has too; the file stands alone.
    const widest = level === levels.file ? levels.file : levels.project;
    for (let at = level; at >= widest; at--) {
      const before = this.#counts[base + at] as number;
      if (before === 0) (this.#types[at] as number)++;
      this.#counts[base + at] = before + weight;
      (this.#sums[at] as number) += weight;
    }
    const vote = weight * order * order * (level === levels.file ? 4 : 1);
    (this.#votes[slot] as number) += vote;
    if (isBlank) (this.#blank[slot] as number) += vote;
  }

  /** Adds what the order just counted says, the narrowest level first. */
  #mix(): void {
    for (let level = levels.file as number; level >= levels.project; level--) {
      const sum = this.#sums[level] as number;
      if (sum === 0) continue;
      const types = this.#types[level] as number;
      const unsure = (backOff[level] as number) * (1 + backOffPerType * types);
      const share = this.#rest / (sum + unsure);
      const probabilities = this.#probabilities;
      const counts = this.#counts;
      for (let slot = 0, at = level; slot < this.#count; slot++, at += levels.count) {
        const count = counts[at] as number;
        if (count > 0) (probabilities[slot] as number) += share * count;
      }
      this.#rest *= unsure / (sum + unsure);
    }
  }

  #slotOf(id: number): number {
    if (id >= this.#slots.length) this.#growSlots(id);
    const slot = this.#slots[id] as number;
    if (slot !== 0) return slot > 0 ? slot - 1 : -1;
    if (this.#touchedCount === this.#touched.length) this.#touched = doubled(this.#touched);
    this.#touched[this.#touchedCount++] = id;
    const isRefused =
      id === specialTokens.unknown ||
      id === specialTokens.fileStart ||
      (this.#accepts !== undefined && !this.#accepts(id));
    if (isRefused) {
      this.#slots[id] = -1;
      return -1;
    }
    return this.#addCandidate(id);
  }

  #addCandidate(id: number): number {
    const slot = this.#count++;
    this.#slots[id] = slot + 1;
    if (slot === this.#ids.length) this.#growCandidates();
    this.#ids[slot] = id;
    this.#probabilities[slot] = 0;
    this.#blank[slot] = 0;
    this.#votes[slot] = 0;
    this.#counts.fill(0, slot * levels.count, (slot + 1) * levels.count);
    return slot;
  }

  #growSlots(id: number): void {
    const slots = new Int32Array(Math.max(id + 1, this.#slots.length * 2));
    slots.set(this.#slots);
    this.#slots = slots;
  }

  #growCandidates(): void {
    this.#ids = doubled(this.#ids);
    this.#probabilities = doubled(this.#probabilities);
    this.#counts = doubled(this.#counts);
    this.#blank = doubled(this.#blank);
    this.#votes = doubled(this.#votes);
  }
}

/** Tokens that stand before a place of the file and in the context alike; the first one does. */
function sharedOrder(
  chain: TokenChain,
  place: number,
  context: Int32Array,
  length: number,
): number {
  const most = Math.min(length, maxOrder, place);
  let order = 1;
  while (order < most && chain.id(place - order - 1) === context[order]) order++;
  return order;
}

function doubled<T extends Int32Array | Float32Array | Float64Array>(from: T): T {
  const to = new (from.constructor as new (length: number) => T)(from.length * 2);
  to.set(from);
  return to;
}
