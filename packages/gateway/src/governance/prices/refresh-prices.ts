import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { bundledCatalogue, type CatalogueFile, fileFormat, vendorsHash } from './catalogue.ts';
import { correctVendors } from './corrections.ts';
import type { CatalogueVendor } from './find-model.ts';
import { type RateKind, rateAt, rateKinds, ratesAt } from './rates.ts';

/** Where the catalogue's makers publish its newest form. */
export const publishedPricesUrl =
  'https://raw.githubusercontent.com/pydantic/genai-prices/main/prices/new_data/v2/data.json';

/** The name of the file, below `$ZEKE_HOME`, that refreshed prices are kept in. */
export const pricesFileName = 'prices.json';

const maxBytes = 20_000_000;
const timeoutMs = 30_000;
/** A price that grew or shrank more than so is told, for a human to look at. */
const greatChange = 10;

export interface RefreshPricesOptions {
  /** Path of a file, or an `https://` address, with the data of genai-prices, version 2. */
  source: string;
  fetch: typeof fetch;
  /** `$ZEKE_HOME`, absolute. */
  home: string;
  /** Milliseconds since the epoch. */
  now: () => number;
}

export interface PricesRefresh {
  /** Where the prices are now. A gateway reads them when it starts. */
  path: string;
  source: string;
  /** Hex, of what was read. */
  sha256: string;
  vendors: number;
  models: number;
  /** Prices more than ten times, or less than a tenth of, what this release has. */
  greatChanges: PriceChange[];
}

/** USD for a million tokens. */
export interface PriceChange {
  vendor: string;
  model: string;
  kind: RateKind;
  before: number;
  after: number;
}

/**
 * Reads prices, checks them, corrects those known to be wrong, and keeps them for gateways that start from now on. What is refused
 * leaves the prices in force as they are. Throws `invalid_argument` for a source that is neither file
 * nor `https` address and for data that is no sane catalogue, `not_found` for a file that is not
 * there, `unavailable` when the address does not answer with it, `resource_exhausted` over 20 MB.
 */
export async function refreshPrices(options: RefreshPricesOptions): Promise<PricesRefresh> {
  const { home, now, source } = options;
  const bytes = await readSource(options);
  const { readGenaiPrices } = await import('./read-genai-prices.ts');
  const vendors = correctVendors(readGenaiPrices(parsed(bytes)));
  const bundled = (await bundledCatalogue()).vendors;
  const models = countModels(vendors);
  const least = countModels(bundled) / 2;
  if (models < least) {
    throw new RpcError(
      'invalid_argument',
      `the catalogue has prices of ${models} models only; fewer than ${Math.ceil(least)} can't be right`,
    );
  }
  const file: CatalogueFile = {
    format: fileFormat,
    source,
    date: new Date(now()).toISOString(),
    sourceSha256: new Bun.CryptoHasher('sha256').update(bytes).digest('hex'),
    sha256: vendorsHash(vendors),
    vendors,
  };
  const path = join(home, pricesFileName);
  await writeFileAtomically(path, `${JSON.stringify(file)}\n`, 0o600);
  return {
    path,
    source,
    sha256: file.sourceSha256,
    vendors: vendors.length,
    models,
    greatChanges: greatChanges(bundled, vendors, now()),
  };
}

async function readSource({ source, fetch }: RefreshPricesOptions): Promise<Uint8Array> {
  if (source.startsWith('https://')) return download(source, fetch);
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(source)) {
    throw new RpcError('invalid_argument', 'prices come from a file or an https:// address');
  }
  const file = await open(source).catch((cause: unknown) => {
    throw new RpcError('not_found', `${source}: the file cannot be read`, { cause });
  });
  try {
    const about = await file.stat();
    if (!about.isFile()) throw new RpcError('not_found', `${source} is not a file`);
    if (about.size > maxBytes) throw tooLarge();
    return await file.readFile();
  } finally {
    await file.close();
  }
}

async function download(url: string, fetcher: typeof fetch): Promise<Uint8Array> {
  const failed = (why: string, cause?: unknown) =>
    new RpcError('unavailable', `${url}: ${why}`, { cause, retryable: true });
  let response: Response;
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    response = await fetcher(url, { signal, redirect: 'error' });
    if (!response.ok) throw failed(`it answered with status ${response.status}`);
    return await readLimited(response);
  } catch (reason) {
    if (reason instanceof RpcError) throw reason;
    throw failed('it did not answer', reason);
  }
}

async function readLimited(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(): RpcError {
  return new RpcError('resource_exhausted', `the catalogue is larger than ${maxBytes} bytes`);
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new RpcError('invalid_argument', 'the catalogue is not JSON', { cause });
  }
}

function countModels(vendors: readonly CatalogueVendor[]): number {
  return vendors.reduce((sum, { models }) => sum + models.length, 0);
}

function greatChanges(
  bundled: readonly CatalogueVendor[],
  refreshed: readonly CatalogueVendor[],
  atMs: number,
): PriceChange[] {
  const before = pricesByName(bundled, atMs);
  const changes: PriceChange[] = [];
  for (const [name, { vendor, model, kind, price: after }] of pricesByName(refreshed, atMs)) {
    const old = before.get(name)?.price;
    if (old === undefined || old === after) continue;
    const isGreat = after > old * greatChange || old > after * greatChange;
    if (isGreat) changes.push({ vendor, model, kind, before: old, after });
  }
  return changes;
}

interface NamedPrice {
  vendor: string;
  model: string;
  kind: RateKind;
  price: number;
}

function pricesByName(vendors: readonly CatalogueVendor[], atMs: number): Map<string, NamedPrice> {
  const prices = new Map<string, NamedPrice>();
  for (const { id: vendor, models } of vendors) {
    for (const { id: model, prices: timed } of models) {
      const rates = ratesAt(timed, atMs) ?? {};
      for (const kind of rateKinds) {
        const rate = rates[kind];
        if (rate === undefined) continue;
        prices.set(`${vendor}/${model}/${kind}`, { vendor, model, kind, price: rateAt(rate, 0) });
      }
    }
  }
  return prices;
}
