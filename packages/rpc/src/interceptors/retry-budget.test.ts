import { expect, test } from 'bun:test';
import { RetryBudget } from './retry-budget.ts';

test('at half of the tokens nothing is repeated, and one success is enough to go on', () => {
  const budget = new RetryBudget({ maxTokens: 10, tokenRatio: 0.1 });
  for (let i = 0; i < 4; i++) budget.failed();
  expect(budget.allows).toBe(true);
  budget.failed();
  expect(budget.allows).toBe(false);
  budget.succeeded();
  expect(budget.allows).toBe(true);
});

test('there are never fewer than no tokens, nor more than at the start', () => {
  const budget = new RetryBudget({ maxTokens: 2, tokenRatio: 0.5 });
  for (let i = 0; i < 100; i++) budget.failed();
  for (let i = 0; i < 2; i++) budget.succeeded();
  expect(budget.allows).toBe(false);
  for (let i = 0; i < 100; i++) budget.succeeded();
  expect(budget.allows).toBe(true);
  budget.failed();
  expect(budget.allows).toBe(false);
});

test('only three decimals of the ratio count', () => {
  const budget = new RetryBudget({ maxTokens: 2, tokenRatio: 0.0019 });
  budget.failed();
  budget.failed();
  for (let i = 0; i < 1_000; i++) budget.succeeded();
  expect(budget.allows).toBe(false);
  budget.succeeded();
  expect(budget.allows).toBe(true);
});

test('settings that make no budget are refused', () => {
  expect(() => new RetryBudget({ maxTokens: 0 })).toThrow('maxTokens: 0');
  expect(() => new RetryBudget({ maxTokens: 1_001 })).toThrow('maxTokens: 1001');
  expect(() => new RetryBudget({ tokenRatio: Number.NaN })).toThrow('tokenRatio: NaN');
});
