import type { PriceBook } from '../governance/prices/price-book.ts';
import type { Candidate } from './model-catalog.ts';

/** A request as most are, to compare what models ask for it. */
const typicalUsage = { input: 1_000, output: 500 };

/** What a typical request costs at each candidate, in micro-USD; undefined where nobody knows. */
export async function typicalCosts(
  candidates: readonly Candidate[],
  prices: PriceBook,
  atMs: number,
): Promise<(number | undefined)[]> {
  const costs = await prices.price(
    candidates.map(({ model, provider }) => ({
      atMs,
      metered: true,
      model,
      outcome: 'ok',
      pricing: provider.pricing,
      provider: provider.name,
      usage: typicalUsage,
    })),
  );
  return costs.map((cost) => cost?.totalMicroUsd);
}
