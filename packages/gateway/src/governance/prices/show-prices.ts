import { readCatalogue, sourceOf } from './catalogue.ts';
import { findModelEverywhere } from './find-model.ts';
import { type Rates, ratesAt } from './rates.ts';

export interface ModelPrices {
  /** The catalogue's name of the vendor, and of the model there. */
  vendor: string;
  model: string;
  /** The catalogue, with its version or the time of its refresh, and `, corrected` for a price of our own. */
  source: string;
  /** USD for a million tokens. */
  rates: Rates;
}

export interface ShowPricesOptions {
  /** A model's name as its provider has it. */
  model: string;
  /** Of `refreshPrices`; need not exist. */
  pricesFile?: string;
  /** Milliseconds since the epoch: prices change with the date, and some with the hour. */
  atMs: number;
  /** Told why refreshed prices are not used. */
  onRefused?: (why: string) => void;
}

/** What a model costs at each vendor of the catalogue that has it; empty when none has. */
export async function showPrices(options: ShowPricesOptions): Promise<ModelPrices[]> {
  const { atMs, model: name, onRefused = () => {}, pricesFile } = options;
  const catalogue = await readCatalogue(pricesFile, onRefused);
  return findModelEverywhere(catalogue, name).map(({ vendor, model }) => ({
    vendor: vendor.id,
    model: model.id,
    source: sourceOf(catalogue, model),
    rates: ratesAt(model.prices, atMs) ?? {},
  }));
}
