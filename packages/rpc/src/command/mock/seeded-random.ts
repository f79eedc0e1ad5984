/**
 * Numbers that look random and are the same for the same seed, everywhere: the generator sfc32, started from a
 * hash of the seed's parts. Not for secrets.
 *
 * Source: PractRand, http://pracrand.sourceforge.net (sfc32).
 */
export class SeededRandom {
  readonly #state: Uint32Array<ArrayBuffer>;

  constructor(...seed: readonly (string | number)[]) {
    const text = seed.join('\u0000');
    this.#state = Uint32Array.from([1, 2, 3, 4], (salt) => hashOf(text, salt));
    // The first numbers still show how near two seeds are.
    for (let i = 0; i < warmUpRounds; i++) this.#next32();
  }

  /** From 0 on, below 1. */
  next(): number {
    return this.#next32() / 2 ** 32;
  }

  /** From `min` to `max`, both of them possible. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  /** True in this part of the cases, 0 to 1. */
  chance(part: number): boolean {
    return this.next() < part;
  }

  /** @throws RangeError for an empty list. */
  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new RangeError('there is nothing to pick from');
    return list[this.integer(0, list.length - 1)] as T;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.integer(0, 255));
  }

  /** Small letters and digits of hexadecimal numbers. */
  hex(length: number): string {
    return Array.from({ length }, () => this.integer(0, 15).toString(16)).join('');
  }

  #next32(): number {
    const state = this.#state;
    const [a = 0, b = 0, c = 0, counter = 0] = state;
    const sum = (a + b + counter) >>> 0;
    state[0] = b ^ (b >>> 9);
    state[1] = c + (c << 3);
    state[2] = ((c << 21) | (c >>> 11)) + sum;
    state[3] = counter + 1;
    return sum;
  }
}

const warmUpRounds = 12;

/** FNV-1a of UTF-16 units, with a last mix. */
function hashOf(text: string, salt: number): number {
  let hash = 0x811c9dc5 ^ Math.imul(salt, 0x9e3779b1);
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
