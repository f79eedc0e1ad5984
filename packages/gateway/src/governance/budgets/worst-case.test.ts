import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Usage } from '../../neutral/usage.ts';
import { costOf } from '../prices/cost-of.ts';
import type { Rates } from '../prices/rates.ts';
import { worstCaseMicroUsd } from './worst-case.ts';

const found = (rates: Rates) => ({ prices: [{ rates }], source: 'test' });
const text = { caches: false, media: false };

test('is every token at its dearest rate, rounded up, with what a call costs', () => {
  const prices = found({ input: 0.25, cachedInput: 0.1, output: 2, reasoning: 3, request: 500 });
  expect(worstCaseMicroUsd(prices, { input: 3, output: 10, ...text }, 0)).toBe(531);
});

test('goes by the tier that the input reaches', () => {
  const tiers = { base: 1, tiers: [{ start: 100, price: 2 }] };
  const prices = found({ input: tiers, output: 1 });
  expect(worstCaseMicroUsd(prices, { input: 100, output: 0, ...text }, 0)).toBe(100);
  expect(worstCaseMicroUsd(prices, { input: 101, output: 0, ...text }, 0)).toBe(202);
});

test('is not known where nothing has a price', () => {
  expect(worstCaseMicroUsd(found({}), { input: 1, output: 1, ...text }, 0)).toBeUndefined();
});

const rate = fc.option(fc.double({ min: 0, max: 100, noNaN: true }), { nil: undefined });
const anyRates = fc
  .record({
    input: fc.double({ min: 0, max: 100, noNaN: true }),
    output: fc.double({ min: 0, max: 100, noNaN: true }),
    cacheWrite5m: rate,
    cacheWrite1h: rate,
    reasoning: rate,
    imageOutput: rate,
    request: rate,
  })
  .map((rates) =>
    Object.fromEntries(Object.entries(rates).filter(([, each]) => each !== undefined)),
  );

test('no use within the bound costs more, whatever its tokens are', () => {
  const share = fc.double({ min: 0, max: 0.3, noNaN: true });
  fc.assert(
    fc.property(
      anyRates,
      fc.nat({ max: 100_000 }),
      fc.nat({ max: 100_000 }),
      fc.array(share, { minLength: 4, maxLength: 4 }),
      (rates, input, output, [a = 0, b = 0, c = 0, d = 0]) => {
        const usage: Usage = {
          input,
          output,
          cacheWrite5m: Math.floor(input * a),
          cacheWrite1h: Math.floor(input * b),
          reasoning: Math.floor(output * c),
          imageOutput: Math.floor(output * d),
        };
        const bound = { input, output, caches: true, media: false };
        const most = worstCaseMicroUsd(found(rates), bound, 0) ?? -1;
        // A cost is rounded to whole micro-USD.
        expect(costOf(usage, rates, 'test')?.totalMicroUsd).toBeLessThanOrEqual(most + 1);
      },
    ),
    { numRuns: 300 },
  );
});
