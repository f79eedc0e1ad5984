import type { PriceBook } from '../governance/prices/price-book.ts';
import type { Candidate } from './model-catalog.ts';

/** A request as most are, to compare what models ask for it. */
const typicalInput = 1_000;
const typicalOutput = 500;

/**
 * What a request with so many tokens and a typical answer costs at each candidate, in micro-USD;
 * undefined where nobody knows.
 */
export async function typicalCosts(
  candidates: readonly Candidate[],
  prices: PriceBook,
  atMs: number,
  inputTokens = typicalInput,
): Promise<(number | undefined)[]> {
  const usage = { input: inputTokens, output: typicalOutput };
  const costs = await prices.price(
    candidates.map(({ model, provider }) => ({
      atMs,
      metered: true,
      model,
      outcome: 'ok',
      pricing: provider.pricing,
      provider: provider.name,
      usage,
    })),
  );
  return costs.map((cost) => cost?.totalMicroUsd);
}
