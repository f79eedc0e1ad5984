import type { OpenOptions } from '../core/call.ts';
import type { MethodInfo } from '../core/method.ts';
import { areEqual, type Candidate, type Picker, type Policy } from './policy.ts';

export interface ConsistentHashOptions {
  /**
   * What calls that belong together have in common: the metadata entry of a name, the method, or
   * anything. A call without it goes anywhere.
   */
  readonly by:
    | { readonly metadata: string }
    | 'method'
    | ((method: MethodInfo, options: OpenOptions) => string | undefined);
  /**
   * No endpoint gets more than so many times its share of the running calls; what is above goes to
   * the next one for its key. At least 1; 1.25 is usual. Default: no bound, keys never move.
   */
  readonly maxLoad?: number;
  /** Numbers from 0 to below 1, for calls without a key. */
  readonly random?: () => number;
}

/**
 * Calls with the same key go to the same endpoint, on all clients alike. When an endpoint comes or
 * goes, only the keys that it gains or loses move.
 *
 * By rendezvous hashing: the endpoint with the highest score for a key has it. Against a ring of
 * virtual nodes or a Maglev table it needs no memory, spreads keys evenly and exactly by weight, and
 * has a next choice for each key; it takes time by the number of endpoints, some nanoseconds each.
 *
 * Sources: Thaler and Ravishankar, "Using Name-Based Mappings to Increase Hit Rates", 1998;
 * Schindelhauer and Schomaker, "Weighted Distributed Hash Tables", 2005; Mirrokni, Thorup and
 * Zadimoghaddam, "Consistent Hashing with Bounded Loads", 2016.
 */
export function consistentHash(options: ConsistentHashOptions): Policy {
  const { by, maxLoad = Number.POSITIVE_INFINITY, random = Math.random } = options;
  if (!(maxLoad >= 1)) throw new RangeError(`maxLoad: ${maxLoad} is below 1`);
  const keyOf = typeof by === 'function' ? by : by === 'method' ? pathOf : metadataKey(by.metadata);
  return (candidates) => new Rendezvous(candidates, keyOf, maxLoad, random);
}

type KeyOf = (method: MethodInfo, options: OpenOptions) => string | undefined;

function pathOf(method: MethodInfo): string {
  return method.path;
}

function metadataKey(name: string): KeyOf {
  return (_method, options) => options.metadata.get(name);
}

class Rendezvous<C extends Candidate> implements Picker<C> {
  readonly #candidates: readonly C[];
  /** Of the addresses, so that all clients agree whatever the order they know them in. */
  readonly #hashes: readonly number[];
  readonly #keyOf: KeyOf;
  readonly #maxLoad: number;
  readonly #random: () => number;
  readonly #isWeighted: boolean;

  constructor(candidates: readonly C[], keyOf: KeyOf, maxLoad: number, random: () => number) {
    this.#candidates = candidates;
    this.#hashes = candidates.map(({ address }) => hashText(address));
    this.#keyOf = keyOf;
    this.#maxLoad = maxLoad;
    this.#random = random;
    this.#isWeighted = !areEqual(candidates);
  }

  pick(method: MethodInfo, options: OpenOptions): C | undefined {
    const key = this.#keyOf(method, options);
    const hash = key === undefined ? Math.floor(this.#random() * 2 ** 32) : hashText(key);
    const callsPerWeight = this.#callsPerWeight();
    let best: C | undefined;
    let bestScore = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < this.#candidates.length; i++) {
      const candidate = this.#candidates[i] as C;
      const score = this.#score(hash, i, candidate.weight);
      if (score <= bestScore || !candidate.isUsable()) continue;
      if (candidate.pending >= Math.ceil(callsPerWeight * candidate.weight)) continue;
      best = candidate;
      bestScore = score;
    }
    return best;
  }

  /** How many calls an endpoint of weight 1 may have with this one. */
  #callsPerWeight(): number {
    if (this.#maxLoad === Number.POSITIVE_INFINITY) return this.#maxLoad;
    let calls = 1;
    let weights = 0;
    for (const candidate of this.#candidates) {
      if (!candidate.isUsable()) continue;
      calls += candidate.pending;
      weights += candidate.weight;
    }
    return (this.#maxLoad * calls) / weights;
  }

  #score(hash: number, index: number, weight: number): number {
    const mixed = mix(hash ^ (this.#hashes[index] as number));
    return this.#isWeighted ? -weight / Math.log((mixed + 0.5) / 2 ** 32) : mixed;
  }
}

/** FNV-1a over the text's UTF-16 units, mixed. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return mix(hash);
}

/** The finalizer of MurmurHash3: each bit of the input changes half of the output's. */
function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
