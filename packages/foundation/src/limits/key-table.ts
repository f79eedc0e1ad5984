import { halfSipHash } from './half-sip-hash.ts';

const chunkBits = 12;
const chunkSize = 1 << chunkBits;
const chunkMask = chunkSize - 1;
const none = -1;
/** Keys whose places are remembered beside the table; then they are learned anew. */
const maxRecent = 1_024;

/**
 * Keys and the numbers of their places, 0 to `maxKeys` - 1, which go back and are given again. A hash
 * table that never grows: a `Map` of a million keys stands still for some 60 ms when it does, and
 * needs 55 to 65 bytes a key. This one takes 8 for the key's reference, 8 for hash and link, and 4 to 8 for
 * the buckets, whose memory the system gives when it is written to.
 */
export class KeyTable {
  readonly maxKeys: number;
  readonly #bucketMask: number;
  /** The first place of a chain, plus 1; 0 for none. */
  readonly #buckets: Int32Array;
  /** The place after this one in its chain, or in the list of places that are free. */
  readonly #next: Int32Array;
  readonly #hashes: Int32Array;
  /** In pieces, since a longer list would be copied when it grows. */
  readonly #keys: (string | undefined)[][] = [];
  readonly #secret = crypto.getRandomValues(new Int32Array(2));
  #size = 0;
  #used = 0;
  #free = none;
  #lastKey: string | undefined;
  #lastPlace = none;
  /** Who comes now comes again soon, and a text that a `Map` has seen need not be hashed again. */
  readonly #recent = new Map<string, number>();

  constructor(maxKeys: number) {
    this.maxKeys = maxKeys;
    const buckets = 2 ** Math.ceil(Math.log2(Math.max(2, maxKeys)));
    this.#bucketMask = buckets - 1;
    this.#buckets = new Int32Array(buckets);
    this.#next = new Int32Array(maxKeys);
    this.#hashes = new Int32Array(maxKeys);
  }

  get size(): number {
    return this.#size;
  }

  /** Places that have ever been given: who goes through all keys need not go further. */
  get used(): number {
    return this.#used;
  }

  /** The place of a key; -1 when it is not there. */
  find(key: string): number {
    if (key === this.#lastKey) return this.#lastPlace;
    const place = this.#recent.get(key) ?? this.#lookUp(key);
    if (place === none) return none;
    this.#lastKey = key;
    this.#lastPlace = place;
    return place;
  }

  #lookUp(key: string): number {
    const hash = this.#hashOf(key);
    let place = (this.#buckets[hash & this.#bucketMask] ?? 0) - 1;
    while (place !== none) {
      if (this.#hashes[place] === hash && this.keyAt(place) === key) {
        if (this.#recent.size >= maxRecent) this.#recent.clear();
        this.#recent.set(key, place);
        return place;
      }
      place = this.#next[place] ?? none;
    }
    return none;
  }

  /** A place for a key that is not there yet. The table must not be full. */
  insert(key: string): number {
    const place = this.#takePlace();
    const hash = this.#hashOf(key);
    const bucket = hash & this.#bucketMask;
    this.#hashes[place] = hash;
    this.#next[place] = (this.#buckets[bucket] ?? 0) - 1;
    this.#buckets[bucket] = place + 1;
    this.#setKey(place, key);
    this.#size += 1;
    return place;
  }

  /** The key at a place; undefined when the place is free. */
  keyAt(place: number): string | undefined {
    return this.#keys[place >> chunkBits]?.[place & chunkMask];
  }

  /** Frees the place of a key. */
  remove(place: number): void {
    const key = this.keyAt(place);
    if (key !== undefined) this.#recent.delete(key);
    const bucket = (this.#hashes[place] ?? 0) & this.#bucketMask;
    const next = this.#next[place] ?? none;
    let before = (this.#buckets[bucket] ?? 0) - 1;
    if (before === place) this.#buckets[bucket] = next + 1;
    else {
      while (this.#next[before] !== place) before = this.#next[before] ?? none;
      this.#next[before] = next;
    }
    this.#setKey(place, undefined);
    this.#next[place] = this.#free;
    this.#free = place;
    this.#size -= 1;
    if (place === this.#lastPlace) this.#lastKey = undefined;
  }

  #takePlace(): number {
    if (this.#free === none) {
      this.#used += 1;
      return this.#used - 1;
    }
    const place = this.#free;
    this.#free = this.#next[place] ?? none;
    return place;
  }

  #setKey(place: number, key: string | undefined): void {
    const index = place >> chunkBits;
    let chunk = this.#keys[index];
    if (chunk === undefined) {
      chunk = new Array<string | undefined>(Math.min(chunkSize, this.maxKeys)).fill(undefined);
      this.#keys[index] = chunk;
    }
    chunk[place & chunkMask] = key;
  }

  #hashOf(key: string): number {
    return halfSipHash(key, this.#secret[0] ?? 0, this.#secret[1] ?? 0);
  }
}
