import { gaps } from './code-tokens.ts';
import {
  levels,
  type Narrowing,
  type Prediction,
  type Predictor,
  type RankedSegment,
  type Sources,
} from './predictor.ts';
import { featureCount, placeFeatureCount, scoreAll } from './ranking-network.ts';
import { learnedViewCount, type Surroundings, viewCount } from './surroundings.ts';
import type { TokenShapes } from './token-shapes.ts';
import { specialTokens, type Vocabulary } from './vocabulary.ts';

/** Candidates that are ranked with care. */
const maxCandidates = 48;

/** Places that a view sees as alike and that are looked at: of the open file, and of the project. */
const maxFileAlike = 64;
const maxProjectAlike = 96;
const minSegmentAlike = 16;

/** Tokens of the open file before the cursor that are looked through for names, and names that count. */
const recentTokens = 400;
const maxRecentNames = 60;

/** What a place of the project counts, by how near its file is. */
const nearnessWeights = [1, 2, 4] as const;

/** Of the first choice of candidates: what a view says beside the n-gram, and a name used not long ago. */
const viewShare = 0.2;
const recencyShare = 0.02;

/** Kinds of evidence: a view of the open file, a view of the project. */
const kinds = viewCount + learnedViewCount;

/** Where a prediction is wanted. */
export interface RankedPlace {
  readonly context: Int32Array;
  readonly contextLength: number;
  readonly surroundings: Surroundings;
}

/** What comes next, the likeliest first: valid until the next one. */
export interface Ranking {
  readonly count: number;
  readonly ids: Int32Array;
  readonly probabilities: Float64Array;
  /** What is left for all other tokens. */
  readonly rest: number;
  /** The share of each that stood behind a blank. */
  readonly blankShares: Float32Array;
  /** Of the candidates and, behind them, of all others, as the network sees them: `featureCount` each. */
  readonly features: Float32Array;
}

/**
 * Ranks what may come next. The n-gram and the views each bring candidates and how often they came; with how
 * lately and how often each was used, a small network makes one probability of it, whose weights
 * were fitted on other projects. Not to be used by two at a time: its arrays are reused.
 */
export class Ranker {
  readonly #predictor: Predictor;
  readonly #vocabulary: Vocabulary;
  readonly #shapes: TokenShapes;

  /** By id: the candidate's number plus one. */
  #slots = new Int32Array(1 << 12);
  #count = 0;
  #ids = new Int32Array(1 << 10);
  #ngram = new Float64Array(1 << 10);
  #first = new Float64Array(1 << 10);
  /** By candidate and kind of evidence. */
  #seen = new Float32Array(kinds << 10);
  readonly #sums = new Float32Array(kinds);
  /** Seen by views, and behind a blank. */
  #views = new Float32Array(1 << 10);
  #blanks = new Float32Array(1 << 10);
  #recency = new Int32Array(1 << 10);

  readonly #place = new Float32Array(placeFeatureCount);
  readonly #hashes = new Int32Array(viewCount);
  readonly #range = new Int32Array(2);
  readonly #chosen = new Int32Array(maxCandidates);
  readonly #result = {
    ids: new Int32Array(maxCandidates),
    probabilities: new Float64Array(maxCandidates + 1),
    blankShares: new Float32Array(maxCandidates),
    features: new Float32Array((maxCandidates + 1) * featureCount),
  };

  constructor(predictor: Predictor, vocabulary: Vocabulary, shapes: TokenShapes) {
    this.#predictor = predictor;
    this.#vocabulary = vocabulary;
    this.#shapes = shapes;
  }

  rank(sources: Sources, place: RankedPlace, narrowing?: Narrowing): Ranking {
    this.#reset();
    const accepts = narrowing?.accepts ?? isToken;
    const { context, contextLength, surroundings } = place;
    const ngram = this.#predictor.predict(sources, context, contextLength, narrowing);
    for (let i = 0; i < ngram.count; i++) {
      const slot = this.#slotOf(ngram.ids[i] as number);
      const share = ngram.probabilities[i] as number;
      this.#ngram[slot] = share;
      this.#first[slot] = share;
      this.#views[slot] = 1;
      this.#blanks[slot] = ngram.blankShares[i] as number;
    }
    surroundings.hash(this.#hashes, 0);
    this.#seeFile(sources, accepts);
    this.#seeProject(sources.segments, accepts);
    this.#weighViews();
    this.#noteRecent(sources, accepts);
    const count = this.#choose();
    const isNarrowed = narrowing === undefined ? 0 : 1;
    this.#describePlace(ngram, isNarrowed);
    for (let i = 0; i < count; i++) this.#describe(sources, i);
    this.#describeOthers(count, ngram.rest);
    const { features, probabilities } = this.#result;
    scoreAll(features, count + 1, probabilities);
    return { ...this.#result, count, rest: probabilities[count] as number };
  }

  #reset(): void {
    for (let slot = 0; slot < this.#count; slot++) this.#slots[this.#ids[slot] as number] = 0;
    this.#count = 0;
    this.#sums.fill(0);
  }

  /** What followed in the open file where the views see the same; the latest counts twice. */
  #seeFile({ chains }: Sources, accepts: (id: number) => boolean): void {
    for (let view = 0; view < viewCount; view++) {
      const hash = this.#hashes[view] as number;
      for (const [at, chain] of chains.entries()) {
        let weight = at === 0 ? 2 : 1;
        let left = maxFileAlike;
        let place = chain.latestAlike(view, hash);
        for (; place >= 0 && left > 0; place = chain.earlierAlike(view, place), left--) {
          this.#see(chain.id(place), view, weight, chain.gap(place), accepts);
          weight = 1;
        }
      }
    }
  }

  #seeProject(segments: readonly RankedSegment[], accepts: (id: number) => boolean): void {
    const most = Math.max(minSegmentAlike, maxProjectAlike / segments.length);
    const range = this.#range;
    for (const { levels: fileLevels, segment } of segments) {
      const { views } = segment;
      if (views === undefined) continue;
      for (let view = 0; view < learnedViewCount; view++) {
        views.find(view, this.#hashes[view] as number, range);
        const end = range[1] as number;
        const start = range[0] as number;
        const step = Math.max(1, (end - start) / most);
        for (let at = start; at < end; at += step) {
          const place = views.placeAt(view, Math.floor(at));
          const file = segment.fileAt(place);
          const level = fileLevels[file] as number;
          if (level === levels.dead || segment.isDead[file] === 1) continue;
          const weight = step * (nearnessWeights[level] ?? 1);
          const id = segment.tokens[place] as number;
          this.#see(id, viewCount + view, weight, segment.gaps[place] as number, accepts);
        }
      }
    }
  }

  #see(
    id: number,
    kind: number,
    weight: number,
    gap: number,
    accepts: (id: number) => boolean,
  ): void {
    if (!accepts(id)) return;
    const slot = this.#slotOf(id);
    const at = slot * kinds + kind;
    this.#seen[at] = (this.#seen[at] as number) + weight;
    this.#sums[kind] = (this.#sums[kind] as number) + weight;
    this.#views[slot] = (this.#views[slot] as number) + 0.01;
    if (gap !== gaps.none) this.#blanks[slot] = (this.#blanks[slot] as number) + 0.01;
  }

  /** For the first choice: what is likely by any view. */
  #weighViews(): void {
    for (let kind = 0; kind < kinds; kind++) {
      const sum = this.#sums[kind] as number;
      if (sum === 0) continue;
      for (let slot = 0; slot < this.#count; slot++) {
        const share = (this.#seen[slot * kinds + kind] as number) / sum;
        this.#first[slot] = (this.#first[slot] as number) + viewShare * share;
      }
    }
  }

  /** Names of the lines before the cursor, wherever they stood. */
  #noteRecent({ chains }: Sources, accepts: (id: number) => boolean): void {
    const [chain] = chains;
    if (chain === undefined) return;
    const last = Math.max(0, chain.length - recentTokens);
    let rank = 0;
    for (let place = chain.length - 1; place >= last && rank < maxRecentNames; place--) {
      const id = chain.id(place);
      // Only the latest use of a name counts.
      if (chain.latestOf(id) !== place || !this.#shapes.isName(id)) continue;
      rank++;
      if (!accepts(id)) continue;
      const slot = this.#slotOf(id);
      this.#recency[slot] = rank;
      this.#first[slot] = (this.#first[slot] as number) + recencyShare / rank;
    }
  }

  /** The candidates that the first choice likes most, in no order. */
  #choose(): number {
    const chosen = this.#chosen;
    if (this.#count <= maxCandidates) {
      for (let slot = 0; slot < this.#count; slot++) chosen[slot] = slot;
      return this.#count;
    }
    const first = this.#first.subarray(0, this.#count);
    const least = first.toSorted()[this.#count - maxCandidates] as number;
    let count = 0;
    for (let slot = 0; slot < this.#count && count < maxCandidates; slot++) {
      if ((first[slot] as number) >= least) chosen[count++] = slot;
    }
    return count;
  }

  #describe({ chains: [before, behind] }: Sources, candidate: number): void {
    const { blankShares, features, ids } = this.#result;
    const slot = this.#chosen[candidate] as number;
    const id = this.#ids[slot] as number;
    ids[candidate] = id;
    const seen = this.#views[slot] as number;
    blankShares[candidate] = seen > 0 ? (this.#blanks[slot] as number) / seen : 0.5;
    let at = candidate * featureCount;
    features[at++] = Math.log((this.#ngram[slot] as number) + leastShare) / 3;
    for (let kind = 0; kind < kinds; kind++) {
      const own = this.#seen[slot * kinds + kind] as number;
      features[at++] = Math.log((own + 0.03) / ((this.#sums[kind] as number) + 0.3)) / 3;
    }
    const latest = before?.latestOf(id) ?? -1;
    const distance = latest < 0 ? unseenDistance : (before?.length ?? 0) - latest;
    const rank = this.#recency[slot] as number;
    features[at++] = -Math.log(distance) / 3;
    features[at++] = -Math.log(rank === 0 ? maxRecentNames : rank) / 3;
    features[at++] = Math.log(1 + (before?.usesOf(id) ?? 0)) / 3;
    features[at++] = Math.log(1 + (behind?.usesOf(id) ?? 0)) / 3;
    features[at++] = Math.log(1 + this.#vocabulary.usesOf(id)) / 3;
    features[at++] = this.#shapes.isName(id) ? 1 : 0;
    features[at++] = this.#shapes.isLiteral(id) ? 1 : 0;
    features[at++] = id === specialTokens.newline ? 1 : 0;
    features[at++] = 0;
    features.set(this.#place, at);
  }

  /** All that is no candidate, as if it were one. */
  #describeOthers(row: number, rest: number): void {
    const { features } = this.#result;
    const start = row * featureCount;
    const end = start + featureCount - placeFeatureCount;
    features.fill(0, start, end);
    features[start] = Math.log(rest + leastShare) / 3;
    features[end - 1] = 1;
    features.set(this.#place, end);
  }

  /** The same for all candidates: lengths of context that the n-gram found, and how much the views saw. */
  #describePlace({ fileOrder, projectOrder }: Prediction, isNarrowed: number): void {
    this.#place[0] = fileOrder / 4;
    this.#place[1] = projectOrder / 4;
    this.#place[2] = isNarrowed;
    for (let kind = 0; kind < kinds; kind++) {
      this.#place[3 + kind] = Math.log(1 + (this.#sums[kind] as number)) / 4;
    }
  }

  #slotOf(id: number): number {
    if (id >= this.#slots.length) this.#slots = grown(this.#slots, id + 1);
    const known = this.#slots[id] as number;
    if (known !== 0) return known - 1;
    const slot = this.#count++;
    if (slot === this.#ids.length) this.#growCandidates();
    this.#slots[id] = slot + 1;
    this.#ids[slot] = id;
    this.#ngram[slot] = 0;
    this.#first[slot] = 0;
    this.#views[slot] = 0;
    this.#blanks[slot] = 0;
    this.#recency[slot] = 0;
    this.#seen.fill(0, slot * kinds, (slot + 1) * kinds);
    return slot;
  }

  #growCandidates(): void {
    this.#ids = grown(this.#ids);
    this.#ngram = grown(this.#ngram);
    this.#first = grown(this.#first);
    this.#seen = grown(this.#seen);
    this.#views = grown(this.#views);
    this.#blanks = grown(this.#blanks);
    this.#recency = grown(this.#recency);
  }
}

const leastShare = 1e-6;

/** Tokens away that a name is which the open file does not have before the cursor. */
const unseenDistance = 8_000;

function isToken(id: number): boolean {
  return id !== specialTokens.unknown && id !== specialTokens.fileStart;
}

function grown<T extends Int32Array | Float32Array | Float64Array>(from: T, least = 0): T {
  const length = Math.max(least, from.length * 2);
  const to = new (from.constructor as new (length: number) => T)(length);
  to.set(from);
  return to;
}
