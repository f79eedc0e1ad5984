import type { FoundPrices } from '../prices/catalogue.ts';
import { type Rate, rateAt, ratesAt } from '../prices/rates.ts';
import type { TokenBound } from './token-bound.ts';

/**
 * The most that so many tokens may cost at that time, in micro-USD, rounded up: all of them at the
 * dearest rate of the kinds that the request may use. `output` in place of the bound's where it is given.
 * Undefined where the prices name no rate.
 */
export function worstCaseMicroUsd(
  { prices }: FoundPrices,
  { input, output: mostOutput, caches, media }: TokenBound,
  atMs: number,
  output = mostOutput,
): number | undefined {
  const rates = ratesAt(prices, atMs);
  if (!rates || (rates.input === undefined && rates.output === undefined)) return undefined;
  const price = (rate: Rate | undefined) => (rate === undefined ? 0 : rateAt(rate, input));
  let perInput = price(rates.input);
  if (caches) perInput = Math.max(perInput, price(rates.cacheWrite5m), price(rates.cacheWrite1h));
  if (media) perInput = Math.max(perInput, price(rates.audioInput), price(rates.imageInput));
  let perOutput = Math.max(price(rates.output), price(rates.reasoning), price(rates.imageOutput));
  if (media) perOutput = Math.max(perOutput, price(rates.audioOutput));
  return Math.ceil(input * perInput + output * perOutput + price(rates.request));
}
