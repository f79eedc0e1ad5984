import type { FoundPrices } from '../prices/catalogue.ts';
import { type Rate, rateAt, ratesAt } from '../prices/rates.ts';
import type { TokenBound } from './token-bound.ts';

/**
 * The most that so many tokens may cost at that time, in micro-USD, rounded up: all of them at the
 * dearest rate of the kinds that the request may use. Undefined where the prices name no rate.
 */
export function worstCaseMicroUsd(
  { prices }: FoundPrices,
  { input, output, caches, media }: TokenBound,
  atMs: number,
): number | undefined {
  const rates = ratesAt(prices, atMs);
  if (!rates || (rates.input === undefined && rates.output === undefined)) return undefined;
  const inputRates = [rates.input];
  if (caches) inputRates.push(rates.cacheWrite5m, rates.cacheWrite1h);
  if (media) inputRates.push(rates.audioInput, rates.imageInput);
  const outputRates = [rates.output, rates.reasoning, rates.imageOutput];
  if (media) outputRates.push(rates.audioOutput);
  const perInput = dearest(inputRates, input);
  const perOutput = dearest(outputRates, input);
  const perRequest = dearest([rates.request], input);
  return Math.ceil(input * perInput + output * perOutput + perRequest);
}

function dearest(rates: readonly (Rate | undefined)[], inputTokens: number): number {
  return rates.reduce(
    (most: number, rate) => (rate === undefined ? most : Math.max(most, rateAt(rate, inputTokens))),
    0,
  );
}
