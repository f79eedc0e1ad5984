import type { Candidate, Picker, Policy } from './policy.ts';

/**
 * The endpoint with the fewest running calls for its weight; of several the one that comes next in
 * turn. It looks at all of them, which is exact where one client has up to some hundred endpoints.
 */
export function leastPending(): Policy {
  return (candidates) => new LeastPending(candidates);
}

class LeastPending<C extends Candidate> implements Picker<C> {
  readonly #candidates: readonly C[];
  #first = 0;

  constructor(candidates: readonly C[]) {
    this.#candidates = candidates;
  }

  pick(): C | undefined {
    const count = this.#candidates.length;
    let best: C | undefined;
    let bestLoad = Number.POSITIVE_INFINITY;
    let bestIndex = 0;
    for (let i = 0; i < count; i++) {
      const index = (this.#first + i) % count;
      const candidate = this.#candidates[index] as C;
      const load = (candidate.pending + 1) / candidate.weight;
      if (load >= bestLoad || !candidate.isUsable()) continue;
      best = candidate;
      bestLoad = load;
      bestIndex = index;
    }
    this.#first = bestIndex + 1;
    return best;
  }
}
