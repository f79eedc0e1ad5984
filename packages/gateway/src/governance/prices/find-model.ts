import type { ProviderPricing } from '../../providers/provider.ts';
import type { TimedRates } from './rates.ts';

/** A rule that a model's name, in lower case, fits or not. Its texts are in lower case too. */
export type Match =
  | { equals: string }
  | { startsWith: string }
  | { endsWith: string }
  | { contains: string }
  | { regex: string }
  | { or: readonly Match[] }
  | { and: readonly Match[] };

export interface CatalogueModel {
  id: string;
  match: Match;
  prices: readonly TimedRates[];
  /** Not from the catalogue: where it is from, and why. */
  corrected?: string;
}

export interface CatalogueVendor {
  /** `openai`, `anthropic`, `aws`, …. */
  id: string;
  /** A regular expression at the begin of the addresses of its API. */
  api: string;
  /** Vendors whose prices hold for models that this one does not list. */
  fallbacks: readonly string[];
  models: readonly CatalogueModel[];
}

/** The first rule that fits decides, so the order of models counts. */
export interface Catalogue {
  /** What it was made from, with version or date. */
  source: string;
  vendors: readonly CatalogueVendor[];
}

/** Names of models are shorter; what is longer is in no catalogue, and not worth the search. */
const maxNameLength = 256;

/** A model's place in the catalogue, by what its provider is and what it calls the model. */
export function findModel(
  catalogue: Catalogue,
  pricing: Exclude<ProviderPricing, { kind: 'free' }>,
  name: string,
): { vendor: CatalogueVendor; model: CatalogueModel } | undefined {
  if (name.length > maxNameLength) return undefined;
  for (const vendor of vendorsOf(catalogue, pricing)) {
    for (const form of formsOf(name)) {
      const found = findIn(catalogue, vendor, form);
      if (found) return found;
    }
  }
  return undefined;
}

/** A model's places in the catalogue, whoever sells it; at most one a vendor. */
export function findModelEverywhere(
  catalogue: Catalogue,
  name: string,
): { vendor: CatalogueVendor; model: CatalogueModel }[] {
  return catalogue.vendors.flatMap((vendor) => {
    const found = findModel(catalogue, { kind: 'vendor', ids: [vendor.id] }, name);
    return found?.vendor === vendor ? [found] : [];
  });
}

function vendorsOf(
  { vendors }: Catalogue,
  pricing: Exclude<ProviderPricing, { kind: 'free' }>,
): CatalogueVendor[] {
  if (pricing.kind === 'vendor') {
    return pricing.ids.flatMap((id) => vendors.find((vendor) => vendor.id === id) ?? []);
  }
  const found = vendors.find(({ api }) => new RegExp(`^(?:${api})`).test(pricing.url));
  return found ? [found] : [];
}

function findIn(
  { vendors }: Catalogue,
  vendor: CatalogueVendor,
  name: string,
): { vendor: CatalogueVendor; model: CatalogueModel } | undefined {
  for (const id of [vendor.id, ...vendor.fallbacks]) {
    const each = vendors.find((other) => other.id === id);
    const model = each?.models.find(({ match }) => fits(match, name));
    if (each && model) return { vendor: each, model };
  }
  return undefined;
}

/**
 * A name and, after it, the plainer forms it may stand in the catalogue with: without the path of a
 * resource (`models/…`, `publishers/google/models/…`, an ARN of Amazon's), without the region of a
 * Bedrock profile, most of which cost the same but for `global`, and with a date as `2025-08-07`.
 */
function formsOf(name: string): string[] {
  const full = name.trim().toLowerCase();
  const bare = withoutPath(full);
  const anyRegion = bare.replace(/^(?!global\.)[a-z]{2,4}(?:-gov)?\.(?=[a-z0-9]+\.)/, '');
  const forms = [full, bare, anyRegion];
  forms.push(
    ...forms.map((form) => form.replace(/-(20\d\d)([01]\d)([0-3]\d)(?=-|:|$)/, '-$1-$2-$3')),
  );
  return [...new Set(forms)];
}

function withoutPath(name: string): string {
  const isPath = name.startsWith('arn:') || name.includes('models/');
  return isPath ? name.slice(name.lastIndexOf('/') + 1) : name;
}

function fits(match: Match, name: string): boolean {
  if ('equals' in match) return name === match.equals;
  if ('startsWith' in match) return name.startsWith(match.startsWith);
  if ('endsWith' in match) return name.endsWith(match.endsWith);
  if ('contains' in match) return name.includes(match.contains);
  if ('or' in match) return match.or.some((rule) => fits(rule, name));
  if ('and' in match) return match.and.every((rule) => fits(rule, name));
  return new RegExp(match.regex).test(name);
}
