import type { Exchange } from '../http/exchange.ts';
import type { Services } from '../http/services.ts';
import type { FoundPrices } from './prices/catalogue.ts';
import { costOfUse, type PricedUse } from './prices/price-book.ts';

/**
 * Adds what an attempt has cost to what its request has: at once where the model's prices are at hand,
 * else `exchange.costKnown` is there until they are. What nobody knows the price of adds nothing.
 */
export function addCost(
  { prices }: Pick<Services, 'prices'>,
  exchange: Exchange,
  use: PricedUse,
): void {
  const found = prices(use);
  if (!(found instanceof Promise)) {
    add(exchange, use, found);
    return;
  }
  const known = found.then(
    (later) => add(exchange, use, later),
    () => undefined,
  );
  exchange.costKnown = known;
}

/** What a request has cost so far, in USD, for a header; undefined where nobody knows. */
export function costText({ costMicroUsd }: Exchange): string | undefined {
  return costMicroUsd === undefined ? undefined : (costMicroUsd / 1e6).toFixed(6);
}

function add(exchange: Exchange, use: PricedUse, found: FoundPrices | undefined): void {
  const cost = costOfUse(use, found);
  if (cost) exchange.costMicroUsd = (exchange.costMicroUsd ?? 0) + cost.totalMicroUsd;
}
