import type { Logger } from '@zeke/foundation';
import type { ProviderPricing } from '../../providers/provider.ts';
import {
  type Catalogue,
  type CatalogueModel,
  type CatalogueVendor,
  findModel,
} from './find-model.ts';
import type { TimedRates } from './rates.ts';

/** The prices that came with this release; `scripts/generate-prices.ts` writes them. */
const bundledFile = new URL('./gen/catalogue.json', import.meta.url).pathname;

/** Models are looked up in groups: when none was for this long, the catalogue leaves memory. */
const keptMs = 60_000;

/** The form of a refreshed catalogue's file. Another number is not read. */
export const fileFormat = 1;

/** A catalogue as `refreshPrices` keeps it. */
export interface CatalogueFile {
  format: typeof fileFormat;
  /** The file or address that it was read from. */
  source: string;
  /** RFC 3339. */
  date: string;
  /** Hex, of the bytes that were read. */
  sourceSha256: string;
  /** Hex, of the vendors' JSON: that nothing was changed since it was checked. */
  sha256: string;
  vendors: CatalogueVendor[];
}

/** The prices of one model, and where they are from. */
export interface FoundPrices {
  prices: readonly TimedRates[];
  source: string;
}

/**
 * Prices of models: those that `refreshPrices` wrote, where they are there and whole, else those
 * that came with this release. Read from disk when asked, and let go afterwards: the few models in
 * use are kept by who asked.
 */
export class PriceCatalogue {
  readonly #refreshedFile: string | undefined;
  readonly #log: Logger;
  #loaded: Promise<Catalogue> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `refreshedFile`, absolute, need not exist. */
  constructor(options: { refreshedFile?: string; log: Logger }) {
    this.#refreshedFile = options.refreshedFile;
    this.#log = options.log;
  }

  /** The prices of a provider's model; undefined where it is not in the catalogue. */
  async find(
    pricing: Exclude<ProviderPricing, { kind: 'free' }>,
    name: string,
  ): Promise<FoundPrices | undefined> {
    const catalogue = await this.#load();
    const found = findModel(catalogue, pricing, name);
    if (!found) return undefined;
    const { model, vendor } = found;
    const source = sourceOf(catalogue, model);
    return { prices: model.prices, source: `${source}: ${vendor.id}/${model.id}` };
  }

  #load(): Promise<Catalogue> {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#loaded = undefined;
    }, keptMs);
    this.#timer.unref();
    this.#loaded ??= readCatalogue(this.#refreshedFile, (why) =>
      this.#log.warn('the refreshed prices are not used, those of this release are', {
        file: this.#refreshedFile,
        why,
      }),
    );
    return this.#loaded;
  }
}

/** The catalogue that a model's prices are from, and whether they were corrected. */
export function sourceOf(catalogue: Catalogue, model: CatalogueModel): string {
  return model.corrected === undefined ? catalogue.source : `${catalogue.source}, corrected`;
}

/** The refreshed catalogue, or else, told why unless there is just none, the bundled one. */
export async function readCatalogue(
  refreshedFile: string | undefined,
  onRefused: (why: string) => void,
): Promise<Catalogue> {
  if (refreshedFile !== undefined) {
    try {
      const file = Bun.file(refreshedFile);
      if (await file.exists()) return refreshedCatalogue(await file.text());
    } catch (reason) {
      onRefused(reason instanceof Error ? reason.message : String(reason));
    }
  }
  return bundledCatalogue();
}

/** The catalogue that came with this release. */
export async function bundledCatalogue(): Promise<Catalogue> {
  return JSON.parse(await Bun.file(bundledFile).text());
}

/** The hash that a refreshed catalogue is kept with. */
export function vendorsHash(vendors: readonly CatalogueVendor[]): string {
  return new Bun.CryptoHasher('sha256').update(JSON.stringify(vendors)).digest('hex');
}

function refreshedCatalogue(text: string): Catalogue {
  const { format, source, date, sha256, vendors } = JSON.parse(text) as Partial<CatalogueFile>;
  if (format !== fileFormat) throw new Error('it is of another version of this program');
  if (!Array.isArray(vendors) || vendorsHash(vendors) !== sha256) {
    throw new Error('it was changed by hand; prices of your own belong into the configuration');
  }
  return { source: `${source} of ${date?.slice(0, 10)}`, vendors };
}
