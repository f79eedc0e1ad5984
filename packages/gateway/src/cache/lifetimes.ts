import { isModelAllowed } from '../governance/authenticate.ts';
import type { Candidate } from '../routing/model-catalog.ts';

/** How long answers are kept, in milliseconds. */
export interface Lifetimes {
  readonly ttlMs: number;
  /** Models by name as callers write it or `provider/model`, `*` for any text. The first that fits counts. */
  readonly byModel: readonly { readonly pattern: string; readonly ttlMs: number }[];
}

/**
 * How long an answer to a request may be kept: of the models that may answer, what holds for the one
 * that is kept for the shortest time. 0: not at all.
 */
export function lifetimeOf(
  { byModel, ttlMs }: Lifetimes,
  requestedModel: string,
  candidates: readonly Candidate[],
): number {
  if (byModel.length === 0) return ttlMs;
  const times = candidates.map(({ model, provider }) => {
    const names = [requestedModel, `${provider.name}/${model}`];
    const rule = byModel.find(({ pattern }) => isModelAllowed({ allowedModels: [pattern] }, names));
    return rule?.ttlMs ?? ttlMs;
  });
  return Math.min(...times);
}
