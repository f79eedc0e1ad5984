import type { Logger, MergeName, SessionSource, Stickiness, StrategyName } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { apiError } from '../neutral/api-error.ts';
import { modelByName } from '../providers/openai-paths.ts';
import type { Provider, ProviderModel } from '../providers/provider.ts';
import { nearestNames } from './nearest-names.ts';

/** A model at a provider: where a request may go. */
export interface Candidate {
  provider: Provider;
  /** The provider's own name. */
  model: string;
  /** Its share where an alias weighs its candidates. */
  weight?: number;
  /**
   * The names in the provider's list most like this one, as `provider/model`; asks for the list
   * where it is not at hand. None where the model is listed, or the provider gives no list.
   */
  nearest?(): Promise<string[]>;
}

/** A name for one model, or for several that stand in for each other. */
export interface ModelAlias {
  /** Of the alias that a caller names; those of aliases within it say nothing. */
  strategy: StrategyName;
  /** Models, with or without their provider, and other aliases. */
  candidates: readonly string[];
  /** How many candidates are asked at once. */
  k?: number;
  delayMs?: number;
  /** By the names in `candidates`; 1 where there is none. */
  weights?: Readonly<Record<string, number>>;
  /** Who answered a session goes on to answer it, unless a request says otherwise. */
  stickiness?: Exclude<Stickiness, 'none'>;
  /** By what sessions are told apart, the first that a request has. */
  sessionBy?: readonly SessionSource[];
  /** How `parallel_merge` makes one answer of several, by which judge, and how long it waits. */
  merge?: MergeName;
  judge?: string;
  mergeWaitMs?: number;
}

export interface CatalogProvider {
  provider: Provider;
  /** Taken when the caller names the provider only, or `auto`. */
  defaultModel?: string;
  /** The models that the configuration names, where it does. */
  models?: readonly string[];
  /** Where several providers have a bare name, the lowest wins; a tie is an error. */
  priority: number;
  /** Whether it is asked now and then if it is there; absent: where it is local. */
  healthCheck?: boolean;
}

export interface ModelCatalogOptions {
  providers: readonly CatalogProvider[];
  aliases: ReadonlyMap<string, ModelAlias>;
  log: Logger;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** A model that can be asked for, as the lists show it. */
export interface ListedModel extends ProviderModel {
  /** `provider/model`, or the alias. */
  name: string;
  /** The provider's configured name; `zeke` for an alias. */
  provider: string;
}

const listTimeoutMs = 4_000;
const listFreshMs = 5 * 60_000;
const failureFreshMs = 15_000;
const maxResolvedNames = 10_000;
/** The longest names are resource names of AWS. */
const maxNameChars = 2_048;

interface Listing {
  models: ProviderModel[];
  /** The provider did not answer, so `models` says nothing. */
  failed: boolean;
  readAt: number;
}

/** Knows which models there are and what a name means. Lists are asked of providers when needed, and kept. */
export class ModelCatalog {
  readonly #options: ModelCatalogOptions;
  readonly #byName = new Map<string, CatalogProvider>();
  readonly #listings = new Map<string, Listing>();
  readonly #running = new Map<string, Promise<Listing>>();
  readonly #resolved = new Map<string, Candidate[]>();
  /** What names of models tell. */
  readonly #named = new Map<string, ProviderModel>();

  constructor(options: ModelCatalogOptions) {
    this.#options = options;
    for (const entry of options.providers) this.#byName.set(entry.provider.name, entry);
  }

  get providers(): readonly Provider[] {
    return this.#options.providers.map(({ provider }) => provider);
  }

  /** What the configuration says of a name; undefined where it is no alias. */
  alias(name: string): ModelAlias | undefined {
    return this.#options.aliases.get(name);
  }

  provider(name: string): Provider | undefined {
    return this.#byName.get(name)?.provider;
  }

  /**
   * Whether this model of a provider is one that the configuration names, or the provider's list;
   * undefined where there is no list at hand. Nobody is asked.
   */
  knows(provider: string, model: string): boolean | undefined {
    const named = `${provider}/${model}`;
    for (const { candidates } of this.#options.aliases.values()) {
      if (candidates.includes(named) || candidates.includes(model)) return true;
    }
    const entry = this.#byName.get(provider);
    if (entry?.defaultModel === model || entry?.models?.includes(model)) return true;
    const listing = this.#listings.get(provider);
    return listing === undefined || listing.failed ? undefined : hasModel(listing.models, model);
  }

  /**
   * What a provider has told of a model, where it was asked for its list already; else what the
   * model's name tells. Nobody is asked.
   */
  told({ model, provider }: Candidate): ProviderModel | undefined {
    const listed = this.#listings.get(provider.name)?.models.find(({ id }) => id === model);
    return listed ?? this.#byItsName(model);
  }

  #byItsName(model: string): ProviderModel {
    const known = this.#named.get(model);
    if (known) return known;
    if (this.#named.size >= maxResolvedNames) this.#named.clear();
    const made = modelByName(model);
    this.#named.set(model, made);
    return made;
  }

  /**
   * The candidates a name stands for, the first to be tried first: `provider/model`,
   * `provider:model`, an alias, `auto`, or a bare name that one provider has. At hand, without a
   * promise, where no provider has to be asked. Throws `not_found` with the nearest names.
   */
  resolve(name: string): Candidate[] | Promise<Candidate[]> {
    checkModelName(name);
    const known = this.#resolved.get(name) ?? this.#resolveAtOnce(name);
    if (known) {
      this.#remember(name, known);
      return known;
    }
    return this.#resolveListed(name, []);
  }

  /** Every model usable now, aliases first. Providers that do not answer are left out, and logged. */
  async list(): Promise<ListedModel[]> {
    const aliases = [...this.#options.aliases.keys()].map((name) => ({
      id: name,
      name,
      provider: 'zeke',
    }));
    const lists = await Promise.all(
      this.#options.providers.map(async ({ provider }) => {
        const { models } = await this.#listing(provider);
        return models.map((model) => ({
          ...model,
          name: `${provider.name}/${model.id}`,
          provider: provider.name,
        }));
      }),
    );
    return [...aliases, ...lists.flat()];
  }

  /** Takes the list that a provider gave now, in place of what is kept. */
  learn(provider: Provider, models: ProviderModel[]): void {
    this.#listings.set(provider.name, { models, failed: false, readAt: this.#options.now() });
  }

  #candidate(provider: Provider, model: string): Candidate {
    return { provider, model, nearest: () => this.#nearest(provider, model) };
  }

  async #nearest(provider: Provider, model: string): Promise<string[]> {
    const { models } = await this.#listing(provider);
    if (hasModel(models, model)) return [];
    const near = nearestNames(
      model,
      models.map(({ id }) => id),
    );
    return near.map((id) => `${provider.name}/${id}`);
  }

  #remember(name: string, candidates: Candidate[]): void {
    if (this.#resolved.size >= maxResolvedNames) this.#resolved.clear();
    this.#resolved.set(name, candidates);
  }

  /** A qualified name, or an alias of nothing else: what takes no look at lists. */
  #resolveAtOnce(name: string): Candidate[] | undefined {
    const alias = this.#options.aliases.get(name);
    if (!alias) return this.#resolveQualified(name);
    const all: Candidate[] = [];
    for (const each of alias.candidates) {
      const found = this.#resolveQualified(each);
      if (!found) return undefined;
      all.push(...weighted(found, alias.weights?.[each]));
    }
    return distinct(all);
  }

  #resolveQualified(name: string): Candidate[] | undefined {
    if (this.#options.aliases.has(name)) return undefined;
    for (const separator of ['/', ':']) {
      const at = name.indexOf(separator);
      if (at < 1) continue;
      const entry = this.#byName.get(name.slice(0, at));
      if (entry && at + 1 < name.length) {
        return [this.#candidate(entry.provider, name.slice(at + 1))];
      }
    }
    const named = this.#byName.get(name);
    if (named?.defaultModel === undefined) return undefined;
    return [this.#candidate(named.provider, named.defaultModel)];
  }

  /** What takes a look at aliases or at lists. `above` are the aliases that led here. */
  #resolveListed(name: string, above: readonly string[]): Promise<Candidate[]> {
    const alias = this.#options.aliases.get(name);
    if (alias) return this.#resolveAlias(name, alias, above);
    return name === 'auto' ? this.#resolveAuto() : this.#resolveBare(name);
  }

  /** The candidates that can be had, each once; candidates may be aliases themselves. */
  async #resolveAlias(
    alias: string,
    { candidates, weights }: ModelAlias,
    above: readonly string[],
  ): Promise<Candidate[]> {
    if (above.includes(alias)) throw circle([...above, alias]);
    const all: Candidate[] = [];
    let fault: unknown;
    for (const name of candidates) {
      try {
        const path = [...above, alias];
        const found = this.#resolveQualified(name) ?? (await this.#resolveListed(name, path));
        all.push(...weighted(found, weights?.[name]));
      } catch (error) {
        fault = error;
      }
    }
    if (all.length === 0) throw inAlias(alias, fault);
    return distinct(all);
  }

  /**
   * Of each provider its default; else the models that the configuration names, of which the request
   * is to choose; else the first chat model of its list.
   */
  async #resolveAuto(): Promise<Candidate[]> {
    const ordered = [...this.#options.providers].sort((a, b) => a.priority - b.priority);
    const candidates: Candidate[] = [];
    for (const entry of ordered) {
      for (const model of await this.#autoModels(entry)) {
        candidates.push(this.#candidate(entry.provider, model));
      }
    }
    if (candidates.length === 0) throw noProviders(this.#options.providers.length);
    return candidates;
  }

  async #autoModels({ defaultModel, models, provider }: CatalogProvider): Promise<string[]> {
    if (defaultModel !== undefined) return [defaultModel];
    const listed = (await this.#listing(provider)).models;
    const first = firstChatModel(listed);
    if (!models) return first ? [first.id] : [];
    const chat = listed.filter(({ id, kinds }) => kinds?.includes('chat') && models.includes(id));
    return chat.map(({ id }) => id);
  }

  async #resolveBare(name: string): Promise<Candidate[]> {
    const { providers } = this.#options;
    if (providers.length === 0) throw noProviders(0);
    const listings = await Promise.all(
      providers.map(async (entry) => ({ entry, listing: await this.#listing(entry.provider) })),
    );
    const holders = listings.filter(({ listing }) => hasModel(listing.models, name));
    const lowest = Math.min(...holders.map(({ entry }) => entry.priority));
    const best = holders.filter(({ entry }) => entry.priority === lowest);
    const only = best[0] ?? soleUnknown(listings);
    if (best.length > 1) throw ambiguous(name, best);
    if (!only) throw this.#unknownModel(name, listings);
    const candidates = [this.#candidate(only.entry.provider, name)];
    this.#remember(name, candidates);
    return candidates;
  }

  #unknownModel(name: string, listings: { entry: CatalogProvider; listing: Listing }[]): RpcError {
    const names = listings.flatMap(({ entry, listing }) =>
      listing.models.map((model) => `${entry.provider.name}/${model.id}`),
    );
    const near = nearestNames(name, [...this.#options.aliases.keys(), ...names]);
    const hint =
      near.length > 0
        ? `did you mean ${near.join(', ')}?`
        : 'zeke models, or GET /v1/models, lists what can be used now';
    const silent = listings.filter(({ listing }) => listing.failed);
    const unheard = silent.map(({ entry }) => entry.provider.name).join(', ');
    const note = unheard
      ? ` (no list from ${unheard}; a model there needs its provider's name)`
      : '';
    return apiError('not_found', `the model ${name.slice(0, 200)} is not known: ${hint}${note}`, {
      reason: 'model_not_found',
      param: 'model',
    });
  }

  async #listing(provider: Provider): Promise<Listing> {
    const kept = this.#listings.get(provider.name);
    const freshMs = kept?.failed ? failureFreshMs : listFreshMs;
    if (kept && this.#options.now() - kept.readAt < freshMs) return kept;
    const refreshed = this.#running.get(provider.name) ?? this.#refresh(provider);
    return kept && !kept.failed ? kept : refreshed;
  }

  #refresh(provider: Provider): Promise<Listing> {
    const running = provider
      .listModels(AbortSignal.timeout(listTimeoutMs))
      .then(
        (models): Listing => ({ models, failed: false, readAt: this.#options.now() }),
        (error: unknown): Listing => {
          const { code, message } = RpcError.from(error);
          this.#options.log.warn(`${provider.name} gave no list of models`, { code, message });
          const models = this.#listings.get(provider.name)?.models ?? [];
          return { models, failed: true, readAt: this.#options.now() };
        },
      )
      .then((listing) => {
        this.#listings.set(provider.name, listing);
        this.#running.delete(provider.name);
        return listing;
      });
    this.#running.set(provider.name, running);
    return running;
  }
}

/** Names are kept, compared and written down: throws `invalid_argument` for one that is too long. */
export function checkModelName(name: string): void {
  if (name.length <= maxNameChars) return;
  throw apiError('invalid_argument', `the model's name is over ${maxNameChars} characters`, {
    param: 'model',
  });
}

/** Vendors answer to undated names (`claude-x`) of models they list with a date (`claude-x-20260101`). */
function hasModel(models: readonly ProviderModel[], name: string): boolean {
  return models.some(
    ({ id }) =>
      id === name ||
      id === `${name}:latest` ||
      (id.startsWith(`${name}-`) && /^\d{4,8}(-\d\d-\d\d)?$/.test(id.slice(name.length + 1))),
  );
}

function firstChatModel(models: readonly ProviderModel[]): ProviderModel | undefined {
  const chat = models.find(({ kinds }) => kinds?.includes('chat'));
  return chat ?? models.find(({ kinds }) => kinds === undefined);
}

/** With a single provider that gives no list, every bare name can only be meant for it. */
function soleUnknown<T extends { listing: Listing }>(listings: readonly T[]): T | undefined {
  const [first] = listings;
  return listings.length === 1 && first?.listing.failed ? first : undefined;
}

function ambiguous(name: string, holders: { entry: CatalogProvider }[]): RpcError {
  const names = holders.map(({ entry }) => `${entry.provider.name}/${name}`).join(', ');
  return apiError(
    'invalid_argument',
    `several providers have ${name}: say one of ${names}, or give them different priorities`,
    { reason: 'model_ambiguous', param: 'model' },
  );
}

function weighted(candidates: Candidate[], weight: number | undefined): Candidate[] {
  return weight === undefined ? candidates : candidates.map((each) => ({ ...each, weight }));
}

/** Each once, where it stands first. */
function distinct(all: Candidate[]): Candidate[] {
  return all.filter((each, index) => all.findIndex((other) => isSame(each, other)) === index);
}

function isSame(left: Candidate, right: Candidate): boolean {
  return left.provider === right.provider && left.model === right.model;
}

function circle(path: readonly string[]): RpcError {
  const way = path.join(' → ');
  return apiError('not_found', `the alias ${path[0]} leads back to itself: ${way}`, {
    reason: 'model_not_found',
    param: 'model',
  });
}

/** What is wrong with an alias's last candidate, for a caller who knows the alias only. */
function inAlias(alias: string, fault: unknown): unknown {
  if (!(fault instanceof RpcError) || fault.code !== 'not_found') return fault;
  return apiError('not_found', `no model of the alias ${alias} can be used: ${fault.message}`, {
    reason: 'model_not_found',
    param: 'model',
  });
}

function noProviders(configured: number): RpcError {
  return apiError(
    'failed_precondition',
    configured === 0
      ? 'no provider is configured: zeke providers add, set a key such as OPENAI_API_KEY, or start with zeke up --demo'
      : 'no configured provider lists a chat model now; zeke providers test says why',
    { status: 503, reason: 'no_provider' },
  );
}
