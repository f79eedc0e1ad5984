import type { Logger } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import type { KeyedRequest } from '../cache-key.ts';
import { type QuestionRules, questionOf } from './question.ts';
import { type IndexLimits, type Near, VectorIndex } from './vector-index.ts';

/** When the answer to a question that means the same is given. */
export interface SemanticSettings extends IndexLimits {
  /** The model that makes vectors of questions, by a name that callers could use. */
  readonly model: string;
  /** The least similarity, from 0 to 1. */
  readonly threshold: number;
  /** How long a vector is waited for. */
  readonly timeoutMs: number;
  readonly withTools: boolean;
}

/** Makes a vector of a text, with a row on the ledger; rejects when the signal aborts. */
export type Embed = (
  model: string,
  text: string,
  signal: AbortSignal,
) => Promise<ArrayLike<number>>;

export interface SemanticCacheOptions {
  readonly settings: SemanticSettings;
  readonly log: Logger;
  /** Hears of vectors that could not be had in time. */
  readonly onFailure: () => void;
}

/** A question with its vector, and what is nearest to it. */
export interface Meaning {
  readonly partition: string;
  readonly vector: ArrayLike<number>;
  readonly near: Near | undefined;
}

/** Since the start, and now. */
export interface SemanticStats {
  readonly entries: number;
  readonly bytes: number;
  /** Vectors that could not be had in time. */
  readonly failures: number;
}

/**
 * Knows which kept answers were given to which questions, and finds the one that is nearest to another.
 * The answers themselves are kept elsewhere, under their keys.
 */
export class SemanticCache {
  readonly #index: VectorIndex;
  readonly #log: Logger;
  readonly #onFailure: () => void;
  #settings: SemanticSettings;
  #failures = 0;

  constructor({ log, onFailure, settings }: SemanticCacheOptions) {
    this.#settings = settings;
    this.#index = new VectorIndex(settings);
    this.#log = log;
    this.#onFailure = onFailure;
  }

  get stats(): SemanticStats {
    return { ...this.#index.stats, failures: this.#failures };
  }

  /** Vectors of another model have other directions: they are forgotten. */
  configure(settings: SemanticSettings): void {
    if (settings.model !== this.#settings.model) this.#index.clear();
    this.#settings = settings;
    this.#index.resize(settings);
  }

  clear(): void {
    this.#index.clear();
  }

  /**
   * What a request asks, and the nearest question that was answered, where it is near enough. Undefined
   * where the request is not for it, and where no vector can be had in time: that is never an error.
   */
  async meaningOf(
    request: KeyedRequest,
    rules: Omit<QuestionRules, 'withTools'>,
    embed: Embed,
  ): Promise<Meaning | undefined> {
    const { model, threshold, timeoutMs, withTools } = this.#settings;
    const question = questionOf(request, { ...rules, withTools });
    if (question === undefined) return undefined;
    const { partition, text } = question;
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(tooLate(timeoutMs)), timeoutMs);
    try {
      const vector = await embed(model, text, limit.signal);
      return { partition, vector, near: this.#index.nearest(partition, vector, threshold) };
    } catch (reason) {
      this.#failures++;
      this.#onFailure();
      const { code, message } = RpcError.from(reason);
      this.#log.warn('a question could not be compared with those answered', { code, message });
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The answer to a question is kept under this key. */
  add(key: string, { partition, vector }: Meaning): void {
    this.#index.add(partition, key, vector);
  }

  /** No answer is kept under this key any more. */
  remove(key: string): void {
    this.#index.remove(key);
  }
}

function tooLate(timeoutMs: number): RpcError {
  return new RpcError('canceled', `the vector was not waited for longer than ${timeoutMs} ms`);
}
