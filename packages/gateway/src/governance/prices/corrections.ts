import { isDeepStrictEqual } from 'node:util';
import { type CatalogueModel, type CatalogueVendor, findModel } from './find-model.ts';
import type { Rates, TimedRates } from './rates.ts';

/** Prices of a vendor's models that the catalogue has wrong, or not. */
interface Correction {
  vendor: string;
  /** The whole name that it holds for, in lower case. */
  name: string;
  /** What the catalogue has, undefined for no model of that vendor: with anything else, nothing is corrected. */
  instead: Rates | undefined;
  prices: readonly TimedRates[];
  /** Where the right price is from, and why the catalogue's is not. */
  source: string;
}

/**
 * The vendors with what is known to be wrong put right. A correction holds only as long as the
 * catalogue says what it was written against, so that it cannot outlive a later price.
 */
export function correctVendors(vendors: readonly CatalogueVendor[]): CatalogueVendor[] {
  return vendors.map((vendor) => {
    const own = { source: '', vendors: [{ ...vendor, fallbacks: [] }] };
    const models = corrections
      .filter((correction) => correction.vendor === vendor.id)
      .filter(({ instead, name }) => {
        const found = findModel(own, { kind: 'vendor', ids: [vendor.id] }, name);
        return isDeepStrictEqual(newestRates(found?.model.prices), instead);
      })
      .map(({ name, prices, source }): CatalogueModel => {
        return { id: name, match: { equals: name }, prices, corrected: source };
      });
    return models.length > 0 ? { ...vendor, models: [...models, ...vendor.models] } : vendor;
  });
}

/** Without the rates of hours, which are multiples of them. */
function newestRates(prices: readonly TimedRates[] = []): Rates | undefined {
  return prices.findLast(({ between }) => !between)?.rates;
}

const peakHours = [
  [3_600, 14_400],
  [21_600, 36_000],
] as const;

const mistral = 'models.dev, commit a4071f76cca0';
const deepseekNews = 'https://api-docs.deepseek.com/news/news260910/';
const googlePage = 'https://ai.google.dev/gemini-api/docs/pricing';
const novaRegions =
  'models.dev, commit ee77699da79a, from the price lists of AWS: Nova costs more outside the US';
const govCloud = 'models.dev, 2026-09-28: GovCloud costs more';
const azureModels =
  'models.dev, 2026-09-28, for Azure; the catalogue has what the models cost elsewhere';

/** What comes out is compared with models.dev, but for models newer than the copy in the fixture. */
export const corrections: readonly Correction[] = [
  {
    vendor: 'mistral',
    name: 'mistral-large-latest',
    instead: { input: 2, output: 6 },
    prices: [{ rates: { input: 0.5, cachedInput: 0.05, output: 1.5 } }],
    source: `${mistral}: the name stands for Large 3, the catalogue has Large 2, which is retired`,
  },
  {
    vendor: 'mistral',
    name: 'mistral-small-latest',
    instead: { input: 0.1, output: 0.3 },
    prices: [{ rates: { input: 0.15, cachedInput: 0.015, output: 0.6 } }],
    source: `${mistral}: the name stands for Small 4, the catalogue has Small 3`,
  },
  {
    vendor: 'mistral',
    name: 'codestral-latest',
    instead: { input: 0.3, output: 0.9 },
    prices: [{ rates: { input: 0.3, cachedInput: 0.03, output: 0.9 } }],
    source: `${mistral}: cached input has a price of its own`,
  },
  {
    vendor: 'groq',
    name: 'openai/gpt-oss-safeguard-20b',
    instead: { input: 0.15, cachedInput: 0.075, output: 0.6 },
    prices: [{ rates: { input: 0.075, output: 0.3 } }],
    source:
      'models.dev, 2026-09-28, and https://console.groq.com/docs/models: the catalogue has the model of 120b',
  },
  ...[
    { name: 'deepseek-flash', instead: undefined },
    ...['deepseek-v4-flash', 'deepseek-v4-flash-vision-exp'].map((name) => ({
      name,
      instead: { input: 0.22, cachedInput: 0.007, output: 0.66 },
    })),
  ].map(({ instead, name }) => ({
    vendor: 'deepseek',
    name,
    instead,
    prices: [
      { rates: { input: 0.15, cachedInput: 0.003, output: 0.6 } },
      ...peakHours.map((between) => ({
        between,
        rates: { input: 0.3, cachedInput: 0.006, output: 1.2 },
      })),
    ],
    source: `${deepseekNews}: the price of 2026-09-10`,
  })),
  {
    vendor: 'anthropic',
    name: 'claude-sonnet-5-5',
    instead: { input: 2, cacheWrite5m: 2.5, cachedInput: 0.2, output: 10, cacheWrite1h: 4 },
    prices: [
      { rates: { input: 2, cacheWrite5m: 2.5, cachedInput: 0.1, output: 10, cacheWrite1h: 4 } },
    ],
    source: 'models.dev, commit 5965293f511d: the catalogue takes it for Sonnet 5',
  },
  ...[
    { name: 'gemini-3.8-flash-tts', output: 9 },
    { name: 'gemini-3.8-flash-lite-tts', output: 6 },
  ].map(({ name, output }) => ({
    vendor: 'google',
    name,
    instead: { input: 1.5, cachedInput: 0.15, output: 7.5 },
    prices: [{ rates: { input: 0.5, output } }],
    source: `${googlePage}: the catalogue takes it for the text model of that name`,
  })),
  ...nova('lite', { input: 0.06, cachedInput: 0.015, output: 0.24 }, [
    ['eu', { input: 0.069, cachedInput: 0.01725, output: 0.276 }],
    ['apac', { input: 0.063, cachedInput: 0.01575, output: 0.252 }],
    ['ca', { input: 0.064, cachedInput: 0.016, output: 0.256 }],
  ]),
  ...nova('micro', { input: 0.035, cachedInput: 0.00875, output: 0.14 }, [
    ['eu', { input: 0.04, cachedInput: 0.01, output: 0.16 }],
    ['apac', { input: 0.037, cachedInput: 0.00925, output: 0.148 }],
  ]),
  ...nova('pro', { input: 0.8, cachedInput: 0.2, output: 3.2 }, [
    ['eu', { input: 0.92, cachedInput: 0.23, output: 3.68 }],
    ['apac', { input: 0.84, cachedInput: 0.21, output: 3.36 }],
  ]),
  ...nova('2-lite', { input: 0.33, cachedInput: 0.0825, output: 2.75 }, [
    ['eu', { input: 0.374, cachedInput: 0.0935, output: 3.157 }],
    ['jp', { input: 0.396, cachedInput: 0.099, output: 3.311 }],
  ]),
  {
    vendor: 'aws',
    name: 'us-gov.openai.gpt-oss-120b-1:0',
    instead: { input: 0.15, output: 0.6 },
    prices: [{ rates: { input: 0.18, output: 0.72 } }],
    source: govCloud,
  },
  {
    vendor: 'aws',
    name: 'us-gov.openai.gpt-oss-20b-1:0',
    instead: { input: 0.07, output: 0.3 },
    prices: [{ rates: { input: 0.084, output: 0.36 } }],
    source: govCloud,
  },
  azure('deepseek-r1', undefined, { input: 1.35, output: 5.4 }),
  azure('deepseek-v3.2', undefined, { input: 0.58, output: 1.68 }),
  azure('deepseek-v4-pro', undefined, { input: 1.74, output: 3.48 }),
  azure('deepseek-v4-flash', undefined, { input: 0.19, output: 0.51 }),
  azure('phi-4', { input: 0.07, output: 0.14 }, { input: 0.125, output: 0.5 }),
  azure('phi-4-reasoning-plus', { input: 0.07, output: 0.35 }, { input: 0.125, output: 0.5 }),
];

function nova(
  size: string,
  instead: Rates,
  regions: [region: string, rates: Rates][],
): Correction[] {
  return regions.map(([region, rates]) => ({
    vendor: 'aws',
    name: `${region}.amazon.nova-${size}-v1:0`,
    instead,
    prices: [{ rates }],
    source: novaRegions,
  }));
}

function azure(name: string, instead: Rates | undefined, rates: Rates): Correction {
  return { vendor: 'azure', name, instead, prices: [{ rates }], source: azureModels };
}
