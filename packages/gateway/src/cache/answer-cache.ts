import type { Logger, Metrics } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { costText } from '../governance/request-cost.ts';
import type { ChatCall } from '../http/chat-endpoint.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Services } from '../http/services.ts';
import type { Candidate, ModelCatalog } from '../routing/model-catalog.ts';
import type { RoutingRequest } from '../routing/routing-request.ts';
import { type AnswerEntry, decodeEntry, encodeEntry, isWorthKeeping } from './answer-entry.ts';
import { readCacheControl } from './cache-control.ts';
import { type AliasManner, cacheKey, type KeyedRequest, type KeyRules } from './cache-key.ts';
import { type CacheCounts, CacheMetrics, type CacheState } from './cache-metrics.ts';
import type { CacheStore, StoreStats } from './cache-store.ts';
import { Flight } from './flight.ts';
import { follow } from './follow.ts';
import { recordCached } from './ledger-row.ts';
import { type Lifetimes, lifetimeOf } from './lifetimes.ts';
import { headersToKeep, replay, replayHeaders } from './replay.ts';
import {
  type Embed,
  type Meaning,
  SemanticCache,
  type SemanticSettings,
  type SemanticStats,
} from './semantic/semantic-cache.ts';
import { sharedBody } from './shared-body.ts';

/** How answers are kept. */
export interface CacheSettings extends KeyRules, Lifetimes {
  readonly maxBytes: number;
  /** Absent: only answers to equal requests are given again. */
  readonly semantic?: SemanticSettings | undefined;
}

/** A request for an answer whose candidates are known, and how they are asked. */
export interface AskedRequest {
  readonly services: Services;
  readonly exchange: Exchange;
  readonly call: ChatCall;
  readonly routing: RoutingRequest | undefined;
  readonly candidates: readonly Candidate[];
  /** The rules that the request and its answer are held to. */
  readonly guard?: string | undefined;
  /** Whether the caller's bytes go through to one of them. */
  readonly passes: boolean;
  /** Makes a vector of a text of the request. */
  readonly embed: Embed;
  /** Asks them; `call` may have got a listener before. */
  readonly ask: () => Promise<Response>;
}

export interface AnswerCacheOptions {
  readonly settings: CacheSettings;
  readonly store: CacheStore;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Told when other processes are to forget, too. */
  readonly onClear?: () => void;
}

/** Where an answer is kept, and for how long. */
interface Slot {
  readonly key: string;
  readonly ttlMs: number;
  /** What its request asks, where that was found out. */
  readonly meaning?: Meaning | undefined;
}

/**
 * Gives answers again to equal requests: those it keeps, and those that are on their way to another.
 * Good answers are kept in neutral form. A store that fails costs only what would have been saved.
 */
export class AnswerCache {
  readonly #store: CacheStore;
  readonly #metrics: CacheMetrics;
  readonly #log: Logger;
  /** By key, the latest of each. As many as there are requests under way, at most. */
  readonly #flights = new Map<string, Flight>();
  #semantic: SemanticCache | undefined;
  readonly #onClear: (() => void) | undefined;
  #settings: CacheSettings;

  constructor({ log, metrics, onClear, settings, store }: AnswerCacheOptions) {
    this.#onClear = onClear;
    this.#settings = settings;
    this.#store = store;
    this.#metrics = new CacheMetrics(metrics);
    this.#log = log;
    this.#semantic = this.#semanticOf(settings);
  }

  configure(settings: CacheSettings): void {
    this.#settings = settings;
    this.#store.resize(settings.maxBytes);
    if (this.#semantic && settings.semantic) this.#semantic.configure(settings.semantic);
    else this.#semantic = this.#semanticOf(settings);
  }

  #semanticOf({ semantic: settings }: CacheSettings): SemanticCache | undefined {
    return (
      settings &&
      new SemanticCache({
        settings,
        log: this.#log,
        onFailure: () => this.#metrics.embeddingFailed(),
      })
    );
  }

  /** `following`: requests that wait for the answer to another, or are told it as it comes. */
  async stats(): Promise<
    CacheCounts & StoreStats & { following: number; questions?: SemanticStats }
  > {
    let following = 0;
    for (const { followers } of this.#flights.values()) following += followers;
    const counts = { ...this.#metrics.counts, ...(await this.#store.stats()), following };
    return this.#semantic ? { ...counts, questions: this.#semantic.stats } : counts;
  }

  /** Forgets all answers, and keeps none that is on its way; gives their number. */
  async clear(): Promise<number> {
    this.forgetHere();
    this.#onClear?.();
    const cleared = await this.#store.clear();
    this.#metrics.store(await this.#store.stats());
    return cleared;
  }

  /** Another process has forgotten all: what this one keeps beside the store goes with it. */
  forgetHere(): void {
    this.#flights.clear();
    this.#semantic?.clear();
  }

  /** Answers a request: from what is kept, with another's answer, or by asking as without a cache. */
  async answer(asked: AskedRequest): Promise<Response> {
    const { headers } = asked.exchange.request;
    const { maxAgeS, noStore } = readCacheControl(headers.get('cache-control'));
    const slot = noStore ? undefined : this.#slotOf(asked);
    if (!slot) {
      this.#metrics.request('bypass');
      return marked(await asked.ask(), 'bypass');
    }
    if (maxAgeS === 0) return this.#lead(asked, slot, 'bypass');
    const found = await this.#find(asked, slot.key, maxAgeS);
    if (found) return found;
    if (!this.#semantic) return this.#lead(asked, slot, 'miss');
    const meaning = await this.#semantic.meaningOf(this.#keyed(asked), this.#settings, asked.embed);
    const near = meaning?.near && (await this.#recall(asked, meaning.near, maxAgeS));
    // Another may have asked the same while the vector was made.
    const late = near ?? (meaning && (await this.#find(asked, slot.key, maxAgeS)));
    return late ?? this.#lead(asked, { ...slot, meaning }, 'miss');
  }

  /** What is kept, and what is on its way to another. */
  async #find(asked: AskedRequest, key: string, maxAgeS: number): Promise<Response | undefined> {
    return (await this.#recall(asked, { key }, maxAgeS)) ?? (await this.#join(asked, key));
  }

  #slotOf(asked: AskedRequest): Slot | undefined {
    const { call, candidates } = asked;
    const ttlMs = lifetimeOf(this.#settings, call.model, candidates);
    if (ttlMs === 0) return undefined;
    const key = cacheKey(this.#keyed(asked), this.#settings);
    return key === undefined ? undefined : { key, ttlMs };
  }

  #keyed(asked: AskedRequest): KeyedRequest {
    const { call, exchange, routing, services } = asked;
    const manner = mannerOf(services.catalog, call.model, routing?.judge);
    return { ...asked, caller: exchange.caller, manner };
  }

  /** An answer that is kept, and young enough; with a similarity it is that to another question. */
  async #recall(
    asked: AskedRequest,
    { key, similarity }: { key: string; similarity?: number },
    maxAgeS: number,
  ): Promise<Response | undefined> {
    const entry = await this.#read(key);
    if (entry === undefined) {
      if (similarity !== undefined) this.#semantic?.remove(key);
      return undefined;
    }
    const { response, source, storedAtMs } = entry;
    const ageS = Math.max(0, Math.floor((asked.services.now() - storedAtMs) / 1_000));
    if (ageS > maxAgeS) return undefined;
    const body = replay(asked, source, response);
    const state = similarity === undefined ? 'hit' : 'semantic';
    this.#metrics.request(state);
    if (response.usage) this.#metrics.saved(response.usage);
    recordCached(asked.services.ledger, asked, source);
    const headers: Record<string, string> = replayHeaders(asked, source, state);
    headers.age = String(ageS);
    if (similarity !== undefined) {
      const { exchange } = asked;
      headers['x-zeke-similarity'] = similarity.toFixed(4);
      headers['x-zeke-attempts'] = String(exchange.attempts);
      headers['x-zeke-cost-usd'] = costText(exchange) ?? '0.000000';
    }
    return new Response(body, { headers });
  }

  /** The answer to an equal request that is under way. Undefined where there is none, or it fails. */
  async #join(asked: AskedRequest, key: string): Promise<Response | undefined> {
    const flight = this.#flights.get(key);
    // Who is in a hurry would have to wait for one who is not.
    if (flight === undefined || asked.exchange.maxLatencyMs !== undefined) return undefined;
    const { ledger, limits, watchdog } = asked.services;
    const clock = { watchdog, idleTimeoutMs: limits.idleTimeoutMs };
    const { span, visit } = asked.exchange;
    if (span && flight.leader) span.link(flight.leader);
    visit?.enter();
    const response = await follow(flight, asked, clock, (error) => {
      visit?.leave();
      if (flight.source) recordCached(ledger, asked, flight.source, error);
      if (!error && flight.response.usage) this.#metrics.saved(flight.response.usage);
    }).catch((reason: unknown) => {
      visit?.leave();
      throw reason;
    });
    if (response) this.#metrics.request('shared');
    else visit?.leave();
    return response;
  }

  /** Asks, lets others follow, and keeps what is answered. */
  async #lead(asked: AskedRequest, slot: Slot, state: 'miss' | 'bypass'): Promise<Response> {
    const { call, exchange, services } = asked;
    this.#metrics.request(state);
    const flight = new Flight((ended) => void this.#landed(ended, slot, services.now()));
    flight.leader = exchange.span;
    this.#flights.set(slot.key, flight);
    call.listener = flight;
    exchange.client = flight.nobodyLeft;
    const leave = () => flight.leaderLeft();
    const { signal } = exchange.request;
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
    try {
      const response = marked(await asked.ask(), state);
      flight.headSent(headersToKeep(response.headers));
      if (flight.hasEnded || !response.body) return response;
      const { headers } = response;
      return new Response(sharedBody(response.body, flight, leave), { headers });
    } catch (reason) {
      flight.fail(RpcError.from(reason));
      throw reason;
    }
  }

  async #landed(flight: Flight, { key, meaning, ttlMs }: Slot, storedAtMs: number): Promise<void> {
    const { source, state } = flight;
    const isLatest = this.#flights.get(key) === flight;
    if (isLatest && state === 'answered' && source && isWorthKeeping(flight.response)) {
      await this.#write(key, { source, response: flight.response, storedAtMs }, ttlMs);
      if (meaning) this.#semantic?.add(key, meaning);
    }
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
  }

  async #read(key: string): Promise<AnswerEntry | undefined> {
    try {
      const bytes = await this.#store.get(key);
      return bytes && decodeEntry(bytes);
    } catch (reason) {
      this.#log.warn('the cache could not be read', { err: reason });
      return undefined;
    }
  }

  async #write(key: string, entry: AnswerEntry, ttlMs: number): Promise<void> {
    try {
      await this.#store.set(key, encodeEntry(entry), ttlMs);
      this.#metrics.stored();
      this.#metrics.store(await this.#store.stats());
    } catch (reason) {
      this.#log.warn('an answer could not be cached', { err: reason });
    }
  }
}

/** A judge of the request's own may be an alias, too, which may come to mean other models. */
function mannerOf(
  catalog: ModelCatalog,
  model: string,
  ownJudge: string | undefined,
): AliasManner | undefined {
  const alias = catalog.alias(model);
  const judge = ownJudge ?? alias?.judge;
  const judges = judge === undefined ? undefined : catalog.alias(judge)?.candidates;
  if (alias === undefined) return judges && { strategy: 'single', judges };
  const { k, merge, strategy } = alias;
  return {
    strategy,
    ...(k === undefined ? {} : { k }),
    ...(merge === undefined ? {} : { merge }),
    ...(judge === undefined ? {} : { judge }),
    judges,
  };
}

function marked(response: Response, state: CacheState): Response {
  response.headers.set('x-zeke-cache', state);
  return response;
}
