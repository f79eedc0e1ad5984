import { costOfUse } from '../governance/prices/price-book.ts';
import type { Services } from '../http/services.ts';
import type { Candidate } from './model-catalog.ts';

/** Tokens of one request; those from the cache are in `input`, too. */
export interface EstimatedTokens {
  readonly input: number;
  readonly output: number;
  readonly cachedInput?: number;
}

/**
 * What tokens cost at the model that a name stands for, in micro-USD: of several that stand in for each other
 * at the dearest whose price is known. Undefined where nobody knows a price, or the model.
 */
export async function estimateCost(
  { catalog, now, prices }: Pick<Services, 'catalog' | 'now' | 'prices'>,
  model: string,
  tokens: EstimatedTokens,
): Promise<number | undefined> {
  const candidates = await namedBy(catalog, model);
  const costs = candidates.map(async ({ model: own, provider }) => {
    const priced = { model: own, provider: provider.name, pricing: provider.pricing };
    const found = await prices(priced);
    const use = { ...priced, usage: tokens, atMs: now(), metered: true, outcome: 'ok' } as const;
    return costOfUse({ ...use }, found)?.totalMicroUsd;
  });
  const known = (await Promise.all(costs)).filter((cost) => cost !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

async function namedBy(catalog: Services['catalog'], model: string): Promise<Candidate[]> {
  try {
    return await catalog.resolve(model);
  } catch {
    // Who asks the model is told what is wrong with its name.
    return [];
  }
}
