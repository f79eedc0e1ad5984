import type { Logger, Metrics } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import type { ChatCall } from '../http/chat-endpoint.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Services } from '../http/services.ts';
import type { Candidate, ModelCatalog } from '../routing/model-catalog.ts';
import type { RoutingRequest } from '../routing/routing-request.ts';
import { type AnswerEntry, decodeEntry, encodeEntry, isWorthKeeping } from './answer-entry.ts';
import { readCacheControl } from './cache-control.ts';
import { type AliasManner, cacheKey, type KeyRules } from './cache-key.ts';
import { type CacheCounts, CacheMetrics, type CacheState } from './cache-metrics.ts';
import type { CacheStore, StoreStats } from './cache-store.ts';
import { Flight } from './flight.ts';
import { follow } from './follow.ts';
import { recordCached } from './ledger-row.ts';
import { type Lifetimes, lifetimeOf } from './lifetimes.ts';
import { headersToKeep, replay, replayHeaders } from './replay.ts';
import { sharedBody } from './shared-body.ts';

/** How answers are kept. */
export interface CacheSettings extends KeyRules, Lifetimes {
  readonly maxBytes: number;
}

/** A request for an answer whose candidates are known, and how they are asked. */
export interface AskedRequest {
  readonly services: Pick<Services, 'catalog' | 'ledger' | 'limits' | 'now' | 'watchdog'>;
  readonly exchange: Exchange;
  readonly call: ChatCall;
  readonly routing: RoutingRequest | undefined;
  readonly candidates: readonly Candidate[];
  /** The rules that the request and its answer are held to. */
  readonly guard?: string | undefined;
  /** Whether the caller's bytes go through to one of them. */
  readonly passes: boolean;
  /** Asks them; `call` may have got a listener before. */
  readonly ask: () => Promise<Response>;
}

export interface AnswerCacheOptions {
  readonly settings: CacheSettings;
  readonly store: CacheStore;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** Where an answer is kept, and for how long. */
interface Slot {
  readonly key: string;
  readonly ttlMs: number;
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
  #settings: CacheSettings;

  constructor({ log, metrics, settings, store }: AnswerCacheOptions) {
    this.#settings = settings;
    this.#store = store;
    this.#metrics = new CacheMetrics(metrics);
    this.#log = log;
  }

  configure(settings: CacheSettings): void {
    this.#settings = settings;
    this.#store.resize(settings.maxBytes);
  }

  /** `following`: requests that wait for the answer to another, or are told it as it comes. */
  async stats(): Promise<CacheCounts & StoreStats & { following: number }> {
    let following = 0;
    for (const { followers } of this.#flights.values()) following += followers;
    return { ...this.#metrics.counts, ...(await this.#store.stats()), following };
  }

  /** Forgets all answers, and keeps none that is on its way; gives their number. */
  async clear(): Promise<number> {
    this.#flights.clear();
    const cleared = await this.#store.clear();
    this.#metrics.store(await this.#store.stats());
    return cleared;
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
    const found = (await this.#recall(asked, slot, maxAgeS)) ?? (await this.#join(asked, slot.key));
    return found ?? this.#lead(asked, slot, 'miss');
  }

  #slotOf(asked: AskedRequest): Slot | undefined {
    const { call, candidates, exchange, routing, services } = asked;
    const ttlMs = lifetimeOf(this.#settings, call.model, candidates);
    if (ttlMs === 0) return undefined;
    const manner = mannerOf(services.catalog, call.model, routing?.judge);
    const key = cacheKey({ ...asked, caller: exchange.caller, manner }, this.#settings);
    return key === undefined ? undefined : { key, ttlMs };
  }

  /** An answer that is kept, and young enough. */
  async #recall(
    asked: AskedRequest,
    { key }: Slot,
    maxAgeS: number,
  ): Promise<Response | undefined> {
    const entry = await this.#read(key);
    if (entry === undefined) return undefined;
    const { response, source, storedAtMs } = entry;
    const ageS = Math.max(0, Math.floor((asked.services.now() - storedAtMs) / 1_000));
    if (ageS > maxAgeS) return undefined;
    const body = replay(asked, source, response);
    this.#metrics.request('hit');
    if (response.usage) this.#metrics.saved(response.usage);
    recordCached(asked.services.ledger, asked, source);
    const headers = { ...replayHeaders(asked, source, 'hit'), age: String(ageS) };
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

  async #landed(flight: Flight, { key, ttlMs }: Slot, storedAtMs: number): Promise<void> {
    const { source, state } = flight;
    const isLatest = this.#flights.get(key) === flight;
    if (isLatest && state === 'answered' && source && isWorthKeeping(flight.response)) {
      await this.#write(key, { source, response: flight.response, storedAtMs }, ttlMs);
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
