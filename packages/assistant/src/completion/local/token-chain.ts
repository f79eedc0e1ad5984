import { CodeTokens, type TokenSink } from './code-tokens.ts';
import { type Surroundings, viewCount } from './surroundings.ts';
import { specialTokens } from './vocabulary.ts';

/**
 * A token stream that grows and shrinks at its end: the file that is being written, of which every key
 * changes the last line. Linked, the latest first, are the places that follow the same token, those that
 * are alike to a view, and those of the same token.
 */
export class TokenChain implements TokenSink {
  readonly #tokens = new CodeTokens(1 << 10);
  /** By place: the one before it that follows the same token, or -1. */
  #previous = new Int32Array(1 << 10);
  /** By token: the latest place that follows it, plus one. */
  #heads = new Int32Array(1 << 10);
  /** By place and view: what it sees there, and the place before in the same slot, or -1. */
  #hashes = new Int32Array(viewCount << 10);
  #previousAlike = new Int32Array(viewCount << 10);
  /** By view and the first bits of a hash: the latest place that sees such a one, plus one. */
  readonly #alike = new Int32Array(viewCount << slotBits);
  /** By token: its latest place, plus one, and how many it has; by place: the one before. */
  #latest = new Int32Array(1 << 10);
  #uses = new Int32Array(1 << 10);
  #previousSame = new Int32Array(1 << 10);
  readonly #stops: Stop[] = [];
  #surroundings: Surroundings;

  /** `start` is what surrounds the first token. */
  constructor(start: Surroundings) {
    this.#surroundings = start.copy();
    this.#stops.push({ length: 0, surroundings: start });
  }

  get length(): number {
    return this.#tokens.length;
  }

  get bytes(): number {
    const perPlace = 13 + viewCount * 8;
    const heads = this.#heads.byteLength * 3 + this.#alike.byteLength;
    return this.#tokens.ids.length * perPlace + heads;
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

  /** What stands around its end. Others copy it. */
  get surroundings(): Surroundings {
    return this.#surroundings;
  }

  /** How often a token is there. */
  usesOf(token: number): number {
    return this.#uses[token] ?? 0;
  }

  /** Its latest place, or -1. */
  latestOf(token: number): number {
    return (this.#latest[token] ?? 0) - 1;
  }

  /** The latest place at which a view sees `hash`, or -1; and the next earlier one. */
  latestAlike(view: number, hash: number): number {
    return this.#firstAlike((this.#alike[slotOf(view, hash)] as number) - 1, view, hash);
  }

  earlierAlike(view: number, place: number): number {
    const at = place * viewCount + view;
    return this.#firstAlike(this.#previousAlike[at] as number, view, this.#hashes[at] as number);
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
    this.#grow(place, id);
    const before = this.#before(place);
    this.#previous[place] = (this.#heads[before] as number) - 1;
    this.#heads[before] = place + 1;
    this.#previousSame[place] = this.#latest[id] as number;
    this.#latest[id] = place + 1;
    (this.#uses[id] as number)++;
    this.#linkViews(place);
    this.#surroundings.push(id);
    const last = this.#stops.at(-1)?.length ?? 0;
    if (place + 1 - last < stopDistance) return;
    this.#stops.push({ length: place + 1, surroundings: this.#surroundings.copy() });
  }

  /** Forgets all from a place on. */
  truncate(length: number): void {
    if (length >= this.#tokens.length) return;
    for (let place = this.#tokens.length - 1; place >= length; place--) {
      const id = this.id(place);
      this.#heads[this.#before(place)] = (this.#previous[place] as number) + 1;
      this.#latest[id] = this.#previousSame[place] as number;
      (this.#uses[id] as number)--;
      this.#unlinkViews(place);
    }
    this.#tokens.length = length;
    while ((this.#stops.at(-1)?.length ?? 0) > length) this.#stops.pop();
    const stop = this.#stops.at(-1) as Stop;
    this.#surroundings = stop.surroundings.copy();
    for (let place = stop.length; place < length; place++) this.#surroundings.push(this.id(place));
  }

  /** The first of linked places that sees `hash` itself and not only its first bits. */
  #firstAlike(from: number, view: number, hash: number): number {
    let place = from;
    while (place >= 0 && this.#hashes[place * viewCount + view] !== hash) {
      place = this.#previousAlike[place * viewCount + view] as number;
    }
    return place;
  }

  #linkViews(place: number): void {
    const at = place * viewCount;
    this.#surroundings.hash(this.#hashes, at);
    for (let view = 0; view < viewCount; view++) {
      const hash = this.#hashes[at + view] as number;
      const slot = slotOf(view, hash);
      this.#previousAlike[at + view] = (this.#alike[slot] as number) - 1;
      this.#alike[slot] = place + 1;
    }
  }

  #unlinkViews(place: number): void {
    const at = place * viewCount;
    for (let view = 0; view < viewCount; view++) {
      const slot = slotOf(view, this.#hashes[at + view] as number);
      this.#alike[slot] = (this.#previousAlike[at + view] as number) + 1;
    }
  }

  #grow(place: number, id: number): void {
    if (place >= this.#previous.length) {
      this.#previous = doubled(this.#previous, place + 1);
      this.#previousSame = doubled(this.#previousSame, place + 1);
      this.#hashes = doubled(this.#hashes, (place + 1) * viewCount);
      this.#previousAlike = doubled(this.#previousAlike, (place + 1) * viewCount);
    }
    if (id < this.#heads.length) return;
    this.#heads = doubled(this.#heads, id + 1);
    this.#latest = doubled(this.#latest, id + 1);
    this.#uses = doubled(this.#uses, id + 1);
  }

  #before(place: number): number {
    return place > 0 ? this.id(place - 1) : specialTokens.fileStart;
  }
}

/** Bits of a hash that places are linked by. */
const slotBits = 13;

function slotOf(view: number, hash: number): number {
  return (view << slotBits) + (hash >>> (32 - slotBits));
}

/** Tokens between two places that can be gone back to. */
const stopDistance = 128;

/** What is around a place: what stands before it need not be looked at again. */
interface Stop {
  readonly length: number;
  readonly surroundings: Surroundings;
}

function doubled(from: Int32Array<ArrayBuffer>, least: number): Int32Array<ArrayBuffer> {
  const to = new Int32Array(Math.max(least, from.length * 2));
  to.set(from);
  return to;
}
