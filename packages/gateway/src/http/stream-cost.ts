import { costOfUse } from '../governance/prices/price-book.ts';
import type { Usage } from '../neutral/usage.ts';
import type { Attempt } from './attempt.ts';

/** What a stream and the attempts before it have cost, by its usage, in micro-USD. */
export async function streamCost({
  exchange,
  record,
  services,
}: Attempt): Promise<(usage: Usage) => number | undefined> {
  const { model, provider } = record.options.candidate;
  const priced = { model, provider: provider.name, pricing: provider.pricing };
  const found = await services.prices(priced);
  return (usage) => {
    const use = { ...priced, usage, atMs: exchange.atMs, metered: true, outcome: 'ok' } as const;
    const cost = costOfUse(use, found);
    return cost ? cost.totalMicroUsd + (exchange.costMicroUsd ?? 0) : undefined;
  };
}
