/** The most tokens: their ranks fill what `tagBits` leaves of a slot. */
const maxTokens = 2 ** 18 - 1;
const tagBits = 14;
/** Of the hash table: at least two for each token, so that few look-ups meet the slot of another. */
const slotCount = 2 ** 19;
/** Of all tokens. What is never written of it takes no memory. */
const maxBytes = 2 ** 21;
/** FNV-1a. */
const hashStart = 0x811c9dc5;
const hashPrime = 0x01000193;

/**
 * The tokens of a byte-pair encoding and their ranks, packed: the 200,000 of OpenAI's newest
 * vocabulary take 5 MB, outside of the garbage collector's heap.
 */
export class Vocabulary {
  /** All tokens, one after the other, by rank. */
  readonly #bytes = new Uint8Array(maxBytes);
  /** Where in `#bytes` the token of a rank starts; the one after the last is where the next will. */
  readonly #starts = new Uint32Array(maxTokens + 1);
  /** An open hash table: the rank plus one, and above it some bits of the hash, which spare comparisons. */
  readonly #slots = new Uint32Array(slotCount);
  #size = 0;
  #longest = 0;
  #end = 0;
  #hash = hashStart;

  /** How many tokens there are, and the rank of the next. */
  get size(): number {
    return this.#size;
  }

  /** Adds a byte to the next token. Throws beyond 2 MB of them all. */
  push(byte: number): void {
    if (this.#end === maxBytes) throw new Error(`a vocabulary of more than ${maxBytes} bytes`);
    this.#bytes[this.#end++] = byte;
    this.#hash = Math.imul(this.#hash ^ byte, hashPrime);
  }

  /** The bytes pushed since the last token are one, of the next rank. */
  endToken(): void {
    if (this.#size === maxTokens) throw new Error(`a vocabulary of more than ${maxTokens} tokens`);
    const hash = mixed(this.#hash);
    let slot = hash % slotCount;
    while (this.#slots[slot] !== 0) slot = (slot + 1) % slotCount;
    this.#longest = Math.max(this.#longest, this.#end - start(this.#starts, this.#size));
    this.#size += 1;
    this.#slots[slot] = (tagOf(hash) << (32 - tagBits)) | this.#size;
    this.#starts[this.#size] = this.#end;
    this.#hash = hashStart;
  }

  /** The rank of the token that is the bytes from `from` to before `to`, or -1 where none is. */
  rankOf(bytes: Uint8Array, from: number, to: number): number {
    const length = to - from;
    if (length > this.#longest) return -1;
    let hash = hashStart;
    for (let at = from; at < to; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), hashPrime);
    hash = mixed(hash);
    const tag = tagOf(hash);
    for (let slot = hash % slotCount; ; slot = (slot + 1) % slotCount) {
      const entry = this.#slots[slot] ?? 0;
      if (entry === 0) return -1;
      const rank = (entry & maxTokens) - 1;
      if (entry >>> (32 - tagBits) === tag && this.#is(rank, bytes, from, length)) return rank;
    }
  }

  #is(rank: number, bytes: Uint8Array, from: number, length: number): boolean {
    const first = start(this.#starts, rank);
    if (start(this.#starts, rank + 1) - first !== length) return false;
    for (let at = 0; at < length; at++) {
      if (this.#bytes[first + at] !== bytes[from + at]) return false;
    }
    return true;
  }
}

function start(starts: Uint32Array, rank: number): number {
  return starts[rank] ?? 0;
}

/** Spreads what differs over all bits: FNV's low ones say little of the last bytes. */
function mixed(hash: number): number {
  const spread = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (spread ^ (spread >>> 13)) >>> 0;
}

/** Bits of a hash that did not choose the slot, as far as there are. */
function tagOf(hash: number): number {
  return hash >>> (32 - tagBits);
}
