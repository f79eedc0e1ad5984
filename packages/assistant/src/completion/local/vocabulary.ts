/** Tokens longer than this, in UTF-16 units, are all one: nobody wants them suggested. */
export const maxTokenCharacters = 100;

/** Different tokens that a project may have; later ones are all one, the unknown. */
const maxVocabulary = 256 * 1_024;

/** Ids that stand for no text. */
export const specialTokens = { unknown: 0, fileStart: 1, newline: 2, count: 3 } as const;

/**
 * Every different token of a project, by number: a hash table over one array of characters, since a map
 * of strings takes five times the memory. Ids count up from `specialTokens.count`; none is given back.
 */
export class Vocabulary {
  #characters = new Uint16Array(1 << 14);
  /** Where the text of each id ends; it starts where the one before ends. */
  #ends = new Int32Array(1 << 10);
  /** Ids by hash, 0 where free. */
  #slots = new Int32Array(1 << 11);
  /** How often each was learned, in any file. */
  #uses = new Int32Array(1 << 10);
  #size: number = specialTokens.count;

  /** Ids are below this. */
  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#characters.byteLength + 2 * this.#ends.byteLength + this.#slots.byteLength;
  }

  /** The id of a piece of `text`, a new one where it was not seen before. */
  intern(text: string, start: number, end: number): number {
    if (end - start > maxTokenCharacters) return specialTokens.unknown;
    const slot = this.#slotOf(text, start, end);
    const found = this.#slots[slot] ?? 0;
    if (found > 0) return found;
    return this.#size < maxVocabulary ? this.#add(slot, text, start, end) : specialTokens.unknown;
  }

  /** The id of a text, or `unknown` where it has none. */
  find(text: string): number {
    return this.#slots[this.#slotOf(text, 0, text.length)] ?? specialTokens.unknown;
  }

  /** Empty for special tokens. */
  text(id: number): string {
    if (id < specialTokens.count || id >= this.#size) return '';
    const start = this.#start(id);
    return String.fromCharCode(...this.#characters.subarray(start, this.#ends[id]));
  }

  startsWith(id: number, prefix: string): boolean {
    if (id < specialTokens.count) return prefix.length === 0;
    const start = this.#start(id);
    if ((this.#ends[id] ?? 0) - start < prefix.length) return false;
    for (let i = 0; i < prefix.length; i++) {
      if (this.#characters[start + i] !== prefix.charCodeAt(i)) return false;
    }
    return true;
  }

  /** All that begin with a prefix, which is not empty. */
  idsStartingWith(prefix: string): number[] {
    const found: number[] = [];
    const first = prefix.charCodeAt(0);
    const characters = this.#characters;
    for (let id: number = specialTokens.count, start = 0; id < this.#size; id++) {
      if (characters[start] === first && this.startsWith(id, prefix)) found.push(id);
      start = this.#ends[id] as number;
    }
    return found;
  }

  /** Counts the ids from `start` to `end` as learned once more each. */
  countUses(ids: Int32Array, start: number, end: number): void {
    for (let i = start; i < end; i++) (this.#uses[ids[i] as number] as number)++;
  }

  usesOf(id: number): number {
    return this.#uses[id] ?? 0;
  }

  #start(id: number): number {
    return id > specialTokens.count ? (this.#ends[id - 1] ?? 0) : 0;
  }

  /** Where the text is, or the free place where it would be. */
  #slotOf(text: string, start: number, end: number): number {
    let hash = end - start;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    const mask = this.#slots.length - 1;
    let slot = (hash ^ (hash >>> 15)) & mask;
    for (;;) {
      const id = this.#slots[slot] ?? 0;
      if (id === 0 || this.#equals(id, text, start, end)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #equals(id: number, text: string, start: number, end: number): boolean {
    const from = this.#start(id);
    if ((this.#ends[id] ?? 0) - from !== end - start) return false;
    for (let i = start; i < end; i++) {
      if (this.#characters[from + i - start] !== text.charCodeAt(i)) return false;
    }
    return true;
  }

  #add(slot: number, text: string, start: number, end: number): number {
    const id = this.#size++;
    const from = this.#start(id);
    const to = from + end - start;
    if (id >= this.#ends.length) {
      this.#ends = grown(this.#ends, new Int32Array(id * 2));
      this.#uses = grown(this.#uses, new Int32Array(id * 2));
    }
    if (to > this.#characters.length) {
      this.#characters = grown(this.#characters, new Uint16Array(to * 2));
    }
    for (let i = start; i < end; i++) this.#characters[from + i - start] = text.charCodeAt(i);
    this.#ends[id] = to;
    this.#slots[slot] = id;
    if (this.#size * 2 > this.#slots.length) this.#rehash();
    return id;
  }

  #rehash(): void {
    const ids = this.#size;
    this.#slots = new Int32Array(this.#slots.length * 2);
    for (let id: number = specialTokens.count; id < ids; id++) {
      const text = this.text(id);
      this.#slots[this.#slotOf(text, 0, text.length)] = id;
    }
  }
}

function grown<T extends Int32Array | Uint16Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
