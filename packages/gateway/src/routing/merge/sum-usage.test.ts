import { expect, test } from 'bun:test';
import { sumUsage } from './sum-usage.ts';

test('tokens are added kind by kind, and one estimate makes an estimate of all', () => {
  expect(sumUsage([])).toEqual({ input: 0, output: 0 });
  expect(
    sumUsage([
      { input: 1, output: 2, cachedInput: 1 },
      { input: 3, output: 4, cachedInput: 2, reasoning: 1 },
    ]),
  ).toEqual({ input: 4, output: 6, cachedInput: 3, reasoning: 1 });
  expect(
    sumUsage([
      { input: 1, output: 1 },
      { input: 1, output: 1, estimated: true },
    ]),
  ).toEqual({
    input: 2,
    output: 2,
    estimated: true,
  });
});
