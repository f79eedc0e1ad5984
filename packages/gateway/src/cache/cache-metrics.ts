import type { Metrics } from '@zeke/foundation';
import type { Usage } from '../neutral/usage.ts';
import type { StoreStats } from './cache-store.ts';

/**
 * What the cache had to do with a request: its answer was kept (`hit`), that to a question that means
 * the same was (`semantic`), it was on its way to another (`shared`), had to be asked for (`miss`), or was
 * none of its business (`bypass`).
 */
export type CacheState = 'hit' | 'semantic' | 'shared' | 'miss' | 'bypass';

/** Since the start. */
export interface CacheCounts {
  readonly hits: number;
  readonly semantic: number;
  readonly shared: number;
  readonly misses: number;
  readonly bypassed: number;
  /** Answers that were put in. */
  readonly stored: number;
  /** Tokens of answers that no provider was asked for. */
  readonly savedInputTokens: number;
  readonly savedOutputTokens: number;
}

/** Counts what the cache does, for `/cache/stats` and as Prometheus metrics. */
export class CacheMetrics {
  readonly #states: Record<CacheState, number> = {
    hit: 0,
    semantic: 0,
    shared: 0,
    miss: 0,
    bypass: 0,
  };
  #stored = 0;
  #savedInput = 0;
  #savedOutput = 0;
  #evictions = 0;
  readonly #metrics: ReturnType<typeof createMetrics>;

  constructor(metrics: Metrics) {
    this.#metrics = createMetrics(metrics);
  }

  get counts(): CacheCounts {
    const { bypass, hit, miss, semantic, shared } = this.#states;
    return {
      hits: hit,
      semantic,
      shared,
      misses: miss,
      bypassed: bypass,
      stored: this.#stored,
      savedInputTokens: this.#savedInput,
      savedOutputTokens: this.#savedOutput,
    };
  }

  request(state: CacheState): void {
    this.#states[state]++;
    this.#metrics.requests.add(1, state);
  }

  stored(): void {
    this.#stored++;
  }

  saved({ input, output }: Usage): void {
    this.#savedInput += input;
    this.#savedOutput += output;
    this.#metrics.saved.add(input, 'input');
    this.#metrics.saved.add(output, 'output');
  }

  /** A vector for the semantic cache could not be had in time. */
  embeddingFailed(): void {
    this.#metrics.embeddingFailures.add(1);
  }

  store({ bytes, entries, evictions }: StoreStats): void {
    this.#metrics.bytes.set(bytes);
    this.#metrics.entries.set(entries);
    this.#metrics.evictions.add(evictions - this.#evictions);
    this.#evictions = evictions;
  }
}

function createMetrics(metrics: Metrics) {
  return {
    requests: metrics.counter({
      name: 'gateway_cache_requests_total',
      help: 'Requests for answers by what the cache had to do with them.',
      labels: ['state'],
    }),
    saved: metrics.counter({
      name: 'gateway_cache_saved_tokens_total',
      help: 'Tokens of answers that no provider was asked for, by direction.',
      labels: ['direction'],
    }),
    embeddingFailures: metrics.counter({
      name: 'gateway_cache_embedding_failures_total',
      help: 'Vectors for the semantic cache that could not be had in time.',
    }),
    bytes: metrics.gauge({ name: 'gateway_cache_bytes', help: 'Size of the answers kept.' }),
    entries: metrics.gauge({ name: 'gateway_cache_entries', help: 'Answers kept.' }),
    evictions: metrics.counter({
      name: 'gateway_cache_evictions_total',
      help: 'Answers that had to make room for others.',
    }),
  };
}
