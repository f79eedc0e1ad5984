import { CodeTokens, type TokenSink } from './code-tokens.ts';
import { specialTokens } from './vocabulary.ts';

/**
 * A token stream that grows and shrinks at its end, with the places that follow the same token linked,
 * the latest first: the file that is being written, of which every key changes the last line.
 */
export class TokenChain implements TokenSink {
  readonly #tokens = new CodeTokens(1 << 10);
  /** By place: the one before it that follows the same token, or -1. */
  #previous: Int32Array = new Int32Array(1 << 10);
  /** By token: the latest place that follows it, plus one. */
  #heads: Int32Array = new Int32Array(1 << 10);

  get length(): number {
    return this.#tokens.length;
  }

  get bytes(): number {
    return this.#tokens.ids.length * 9 + this.#heads.byteLength;
  }

  get last(): number {
    return this.#tokens.last;
  }

  id(place: number): number {
    return this.#tokens.ids[place] as number;
  }

  gap(place: number): number {
    return this.#tokens.gaps[place] as number;
  }

  /** The latest place that follows `token`, or -1. */
  latestAfter(token: number): number {
    return (this.#heads[token] ?? 0) - 1;
  }

  /** The next earlier place that follows the same token, or -1. */
  earlier(place: number): number {
    return this.#previous[place] as number;
  }

  push(id: number, gap: number): void {
    const place = this.#tokens.length;
    this.#tokens.push(id, gap);
    if (place >= this.#previous.length) this.#previous = doubled(this.#previous, place + 1);
    const before = this.#before(place);
    if (before >= this.#heads.length) this.#heads = doubled(this.#heads, before + 1);
    this.#previous[place] = (this.#heads[before] as number) - 1;
    this.#heads[before] = place + 1;
  }

  /** Forgets all from a place on. */
  truncate(length: number): void {
    for (let place = this.#tokens.length - 1; place >= length; place--) {
      this.#heads[this.#before(place)] = (this.#previous[place] as number) + 1;
    }
    this.#tokens.length = Math.min(length, this.#tokens.length);
  }

  #before(place: number): number {
    return place > 0 ? this.id(place - 1) : specialTokens.fileStart;
  }
}

function doubled(from: Int32Array, least: number): Int32Array {
  const to = new Int32Array(Math.max(least, from.length * 2));
  to.set(from);
  return to;
}
