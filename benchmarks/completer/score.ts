import { percentiles } from '../gateway/statistics.ts';
import type { Answer, Contender } from './contender.ts';
import type { Place } from './places.ts';

/** What a contender did at many places. */
export class Score {
  readonly #ranks = new Map<string, number[]>();
  readonly #timesUs: number[] = [];
  readonly shown: Shown[] = [];
  asked = 0;

  /** Asks a contender and keeps how it did. */
  add(contender: Contender, place: Place): void {
    const start = process.cpuUsage();
    const answers = contender.complete(place);
    const { system, user } = process.cpuUsage(start);
    this.#timesUs.push(system + user);
    if (place.kind !== 'typed') this.#addRank(answers, place);
    if (place.kind !== 'next') this.#addShown(answers[0], place);
  }

  /** Mean reciprocal rank of the right token among ten. */
  mrr(kind: 'next' | 'word' | 'started'): number {
    const ranks = this.#ranks.get(kind) ?? [];
    return ranks.reduce((sum, rank) => sum + (rank > 0 ? 1 / rank : 0), 0) / ranks.length;
  }

  top1(kind: 'next' | 'word' | 'started'): number {
    const ranks = this.#ranks.get(kind) ?? [];
    return ranks.filter((rank) => rank === 1).length / ranks.length;
  }

  count(kind: 'next' | 'word' | 'started'): number {
    return this.#ranks.get(kind)?.length ?? 0;
  }

  /** Of processor time, which neighbours on the machine do not change. */
  timesUs(): { p50: number; p99: number } {
    const { p50, p99 } = percentiles(this.#timesUs);
    return { p50: p50 ?? Number.NaN, p99: p99 ?? Number.NaN };
  }

  #addRank(answers: readonly Answer[], place: Place): void {
    const rank = answers.findIndex(({ text }) => beginsWithToken(text.trimStart(), place)) + 1;
    this.#push(place.kind === 'started' ? 'started' : 'next', rank);
    if (place.kind === 'next' && place.isWord) this.#push('word', rank);
  }

  #push(kind: string, rank: number): void {
    const ranks = this.#ranks.get(kind) ?? [];
    this.#ranks.set(kind, ranks);
    ranks.push(rank);
  }

  #addShown(best: Answer | undefined, place: Place): void {
    this.asked++;
    if (best === undefined) return;
    const { confidence, text } = best;
    const isRight = place.truth.startsWith(text) && place.endsAt(text.length);
    this.shown.push({ confidence, isRight, characters: text.length });
  }
}

/** A best suggestion, shown or not. */
export interface Shown {
  readonly confidence: number;
  /** To the letter, and whole tokens. */
  readonly isRight: boolean;
  readonly characters: number;
}

/** The token, and no more of the same word behind it. */
function beginsWithToken(text: string, { token }: Place): boolean {
  if (!text.startsWith(token)) return false;
  return !/[\p{L}\p{N}_$]$/u.test(token) || !/^[\p{L}\p{N}_$]/u.test(text.slice(token.length));
}
