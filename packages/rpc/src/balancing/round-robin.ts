import { areEqual, type Candidate, type Picker, type Policy } from './policy.ts';

export interface RoundRobinOptions {
  /** Numbers from 0 to below 1: where the first round begins, so that many clients do not begin alike. */
  readonly random?: () => number;
}

/**
 * One after the other, each as often as its weight says and never in bursts.
 *
 * Source: nginx's smooth weighted round-robin, `ngx_http_upstream_round_robin.c`.
 */
export function roundRobin(options: RoundRobinOptions = {}): Policy {
  const { random = Math.random } = options;
  return (candidates) =>
    areEqual(candidates) ? new EqualRounds(candidates, random) : new WeightedRounds(candidates);
}

class EqualRounds<C extends Candidate> implements Picker<C> {
  readonly #candidates: readonly C[];
  #next: number;

  constructor(candidates: readonly C[], random: () => number) {
    this.#candidates = candidates;
    this.#next = Math.floor(random() * candidates.length);
  }

  pick(): C | undefined {
    for (let i = 0; i < this.#candidates.length; i++) {
      const candidate = this.#candidates[this.#next] as C;
      this.#next = (this.#next + 1) % this.#candidates.length;
      if (candidate.isUsable()) return candidate;
    }
    return undefined;
  }
}

class WeightedRounds<C extends Candidate> implements Picker<C> {
  readonly #entries: { readonly candidate: C; credit: number }[];

  constructor(candidates: readonly C[]) {
    this.#entries = candidates.map((candidate) => ({ candidate, credit: 0 }));
  }

  pick(): C | undefined {
    let best: { readonly candidate: C; credit: number } | undefined;
    let total = 0;
    for (const entry of this.#entries) {
      if (!entry.candidate.isUsable()) continue;
      const { weight } = entry.candidate;
      total += weight;
      entry.credit += weight;
      if (best === undefined || entry.credit > best.credit) best = entry;
    }
    if (best !== undefined) best.credit -= total;
    return best?.candidate;
  }
}
