import { expect, test } from 'bun:test';
import { createLogger } from '@zeke/foundation';
import { ledgerEntry } from '../testing/ledger-entry.ts';
import { PriceCatalogue } from './catalogue.ts';
import { PriceBook } from './price-book.ts';

test('a model without a price is told once, when it has used something', async () => {
  const told: string[] = [];
  const write = (text: string) => void told.push(JSON.parse(text).model);
  const log = createLogger({ level: 'info', destination: { write } });
  const book = new PriceBook({ overrides: new Map(), catalogue: new PriceCatalogue({ log }), log });
  const typo = {
    model: 'gpt-nobody-has',
    outcome: 'error',
    usage: { input: 0, output: 0 },
  } as const;
  expect(await book.price([ledgerEntry(typo)])).toEqual([null]);
  expect(told).toEqual([]);
  const mystery = { model: 'mystery', usage: { input: 5, output: 5 } };
  const entries = [mystery, mystery, {}].map(ledgerEntry);
  const costs = await book.price(entries);
  expect(costs.slice(0, 2)).toEqual([null, null]);
  expect(costs[2]?.totalMicroUsd).toBeGreaterThan(0);
  expect(told).toEqual(['mystery']);
});
