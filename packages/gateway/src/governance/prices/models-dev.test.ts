import { expect, test } from 'bun:test';
import { bundledCatalogue } from './catalogue.ts';
import { type Catalogue, findModel } from './find-model.ts';
import modelsDev from './fixtures/models-dev.json' with { type: 'json' };
import { knownDifferences } from './models-dev-differences.ts';
import { type Rate, rateAt, ratesAt } from './rates.ts';

/** Our vendors by those of models.dev. */
const vendors: Readonly<Record<keyof typeof modelsDev.providers, string>> = {
  openai: 'openai',
  anthropic: 'anthropic',
  google: 'google',
  'google-vertex': 'google',
  'amazon-bedrock': 'aws',
  azure: 'azure',
  xai: 'x-ai',
  groq: 'groq',
  mistral: 'mistral',
  deepseek: 'deepseek',
};
/** Each with what a kind without a rate of its own costs. */
const kinds = [
  ['input', 'input'],
  ['output', 'output'],
  ['cachedInput', 'input'],
  ['cacheWrite5m', 'input'],
] as const;

type Listed = { [kind in (typeof kinds)[number][0]]?: number };
interface Fact extends Listed {
  over?: readonly ({ inputTokens: number } & Listed)[];
}

/** The day that models.dev's prices are of, at an hour that no vendor has a price of its own for. */
const then = Date.parse(`${modelsDev.date}T12:00:00Z`);

test('prices are those of models.dev, but for the differences that we know', async () => {
  const catalogue = await bundledCatalogue();
  const found: Record<string, object> = {};
  const compared: Record<string, number> = {};
  for (const [provider, vendor] of Object.entries(vendors)) {
    const facts = modelsDev.providers[provider as keyof typeof vendors];
    for (const [model, fact] of Object.entries(facts) as [string, Fact][]) {
      const differences = differencesOf(catalogue, vendor, model, fact);
      if (!differences) continue;
      compared[provider] = (compared[provider] ?? 0) + 1;
      if (Object.keys(differences).length > 0) found[`${provider}/${model}`] = differences;
    }
  }
  expect(found).toEqual(Object.assign({}, ...knownDifferences.map(({ prices }) => prices)));
  expect(Object.keys(compared)).toEqual(Object.keys(vendors));
  expect(Object.values(compared).reduce((sum, count) => sum + count)).toBe(365);
});

/** By kind and tier, models.dev's price and ours; undefined for a model that we do not list. */
function differencesOf(catalogue: Catalogue, vendor: string, name: string, fact: Fact) {
  const model = findModel(catalogue, { kind: 'vendor', ids: [vendor] }, name)?.model;
  if (!model) return undefined;
  const rates = ratesAt(model.prices, then) ?? {};
  const starts = new Set([
    ...startsOf(rates.input),
    ...(fact.over ?? []).map((tier) => tier.inputTokens),
  ]);
  const differences: Record<string, [theirs: number, ours: number | undefined]> = {};
  for (const start of [0, ...starts]) {
    // Whether the bound itself is of the tier, which is a token more, is not compared.
    if (starts.has(start + 1)) continue;
    const listed = fact.over?.findLast(({ inputTokens }) => inputTokens <= start) ?? fact;
    for (const [kind, whole] of kinds) {
      const theirs = listed[kind];
      const rate = rates[kind] ?? rates[whole];
      const ours = rate === undefined ? undefined : rateAt(rate, start + 1);
      // Embeddings have no output: its price is 0 there, and none here.
      if (theirs === undefined || theirs === ours || (theirs === 0 && ours === undefined)) continue;
      differences[start ? `${kind} over ${start}` : kind] = [theirs, ours];
    }
  }
  return differences;
}

function startsOf(rate: Rate | undefined): number[] {
  return typeof rate === 'object' ? rate.tiers.map(({ start }) => start) : [];
}
