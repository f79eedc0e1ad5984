import type { Logger, PriceConfig } from '@zeke/foundation';
import { PairMap } from '../../pair-map.ts';
import type { Cost, LedgerEntry } from '../ledger.ts';
import type { FoundPrices, PriceCatalogue } from './catalogue.ts';
import { costOf } from './cost-of.ts';
import { type RateKind, type Rates, ratesAt } from './rates.ts';

/** Prices of the configuration, by `provider/model` or `model`. USD for a million tokens. */
export type PriceOverrides = ReadonlyMap<string, PriceConfig>;

/** What has a price. */
export type PricedUse = Pick<
  LedgerEntry,
  'atMs' | 'metered' | 'model' | 'outcome' | 'priced' | 'pricing' | 'provider' | 'usage'
>;

/** What has prices: a model of a provider. */
export type PricedModel = Pick<LedgerEntry, 'model' | 'pricing' | 'provider'>;

/** Models whose prices are kept at hand. Callers choose names, so there is a limit. */
const maxKnown = 10_000;

/**
 * Says what usage cost: by the configuration's prices, else by the catalogue's. A model that is in
 * neither has no price, which is not a price of 0, and the log says so, once a model.
 */
export class PriceBook {
  readonly #overrides: PriceOverrides;
  readonly #catalogue: PriceCatalogue;
  readonly #log: Logger;
  /** Null for what nobody knows a price of. */
  readonly #known = new PairMap<FoundPrices | null>();

  constructor(options: { overrides: PriceOverrides; catalogue: PriceCatalogue; log: Logger }) {
    this.#overrides = options.overrides;
    this.#catalogue = options.catalogue;
    this.#log = options.log;
  }

  /**
   * The cost of each entry, in their order; none where nobody knows what was used, or nothing was. An
   * answer from the cache costs nothing, whatever its model's price.
   */
  async price(entries: readonly PricedUse[]): Promise<(Cost | null)[]> {
    const costs: (Cost | null)[] = [];
    for (const entry of entries) {
      if (entry.outcome === 'cached') {
        costs.push({ totalMicroUsd: 0, components: { source: 'cache' } });
        continue;
      }
      if (hasNoCost(entry)) {
        costs.push(null);
        continue;
      }
      const found = this.find(entry);
      costs.push(costOfUse(entry, found instanceof Promise ? await found : found));
    }
    return costs;
  }

  /** The prices of a provider's model, at once where they were asked for before; none where nobody knows. */
  find(model: PricedModel): FoundPrices | undefined | Promise<FoundPrices | undefined> {
    const known = this.#known.get(model.provider, model.model);
    if (known !== undefined) return known ?? undefined;
    return this.#lookUp(model).then((found) => {
      this.#learn(model, found);
      return found;
    });
  }

  #learn({ provider, model }: PricedModel, found: FoundPrices | undefined): void {
    if (this.#known.size >= maxKnown) this.#known.clear();
    this.#known.set(provider, model, found ?? null);
    if (found) return;
    this.#log.info('a model has no known price: its cost is not counted', {
      provider,
      model,
      help: `set prices."${provider}/${model}" in the configuration`,
    });
  }

  async #lookUp({ provider, model, pricing }: PricedModel): Promise<FoundPrices | undefined> {
    const own = this.#overrides.get(`${provider}/${model}`) ?? this.#overrides.get(model);
    if (own) return { prices: [{ rates: ratesOfConfig(own) }], source: 'configuration' };
    if (!pricing) return undefined;
    if (pricing.kind === 'free')
      return { prices: [{ rates: { input: 0, output: 0 } }], source: 'local' };
    return this.#catalogue.find(pricing, model);
  }
}

/** A model that nobody has was refused, and has no price to miss. */
function hasNoCost({ metered, outcome, usage }: PricedUse): boolean {
  return !metered || (outcome === 'error' && usage.input === 0 && usage.output === 0);
}

/**
 * What a use cost by these prices; null where nobody knows what was used or what it costs, or nothing was.
 * The use remembers it, for who asks next: its usage is the last word.
 */
export function costOfUse(use: PricedUse, found: FoundPrices | undefined): Cost | null {
  if (!found || hasNoCost(use)) return null;
  if (use.priced?.by === found) return use.priced.cost;
  const rates = ratesAt(found.prices, use.atMs);
  const cost = rates ? costOf(use.usage, rates, found.source) : null;
  use.priced = { by: found, cost };
  return cost;
}

const configured: Readonly<Record<keyof PriceConfig, RateKind>> = {
  input: 'input',
  output: 'output',
  cachedInput: 'cachedInput',
  cacheWrite5m: 'cacheWrite5m',
  cacheWrite1h: 'cacheWrite1h',
  reasoning: 'reasoning',
  audioInput: 'audioInput',
  audioOutput: 'audioOutput',
  cachedAudioInput: 'cachedAudioInput',
  imageInput: 'imageInput',
  imageOutput: 'imageOutput',
};

function ratesOfConfig(price: PriceConfig): Rates {
  const rates: Partial<Record<RateKind, number>> = {};
  for (const [name, kind] of Object.entries(configured)) {
    const rate = price[name as keyof PriceConfig];
    if (rate !== undefined) rates[kind] = rate;
  }
  return rates;
}
