import { expect, test } from 'bun:test';
import { waitForUpdate } from '@pydantic/genai-prices';
import { corrections, correctVendors } from './corrections.ts';
import type { CatalogueVendor } from './find-model.ts';
import { readGenaiPrices } from './read-genai-prices.ts';

test('every correction is needed: the pinned package still has what it replaces', async () => {
  const vendors = correctVendors(readGenaiPrices(await waitForUpdate()));
  const corrected = vendors.flatMap(({ id, models }) =>
    models.filter((model) => model.corrected).map((model) => `${id}/${model.id}`),
  );
  expect(corrected.toSorted()).toEqual(
    corrections.map(({ name, vendor }) => `${vendor}/${name}`).toSorted(),
  );
});

test('a correction ends when the catalogue has another price than it was written against', () => {
  const mistral = (input: number): CatalogueVendor => ({
    id: 'mistral',
    api: 'https://api\\.mistral\\.ai',
    fallbacks: [],
    models: [
      {
        id: 'mistral-large',
        match: { startsWith: 'mistral-large' },
        prices: [{ from: '2026-01-01', rates: { input, output: 6 } }],
      },
    ],
  });
  const [corrected] = correctVendors([mistral(2)]);
  expect(corrected?.models.map(({ id }) => id)).toEqual(['mistral-large-latest', 'mistral-large']);
  expect(correctVendors([mistral(0.7)])).toEqual([mistral(0.7)]);
});
