/** How much of its calls a client may repeat. */
export interface RetryBudgetOptions {
  /** The tokens at the start, and the most there can be: 10. A whole number from 1 to 1,000. */
  readonly maxTokens?: number;
  /** What a success gives back of the token that a failure takes: 0.1. Three decimals count. */
  readonly tokenRatio?: number;
}

/**
 * Stops repetitions while a server fails: each failure takes a token, each success gives a part of
 * one back, and at half of the tokens or fewer nothing is repeated. So repetitions cannot add more
 * than about `tokenRatio` to the load of a server that is down. One for each server, shared by its
 * retries and hedges.
 *
 * Source: gRFC A6, "Throttling Retry Attempts and Hedged RPCs".
 */
export class RetryBudget {
  readonly #max: number;
  readonly #perSuccess: number;
  /** In thousandths, so that a million successes add up without an error. */
  #tokens: number;

  constructor(options: RetryBudgetOptions = {}) {
    const { maxTokens = 10, tokenRatio = 0.1 } = options;
    if (!Number.isInteger(maxTokens) || maxTokens < 1 || maxTokens > 1_000) {
      throw new RangeError(`maxTokens: ${maxTokens} is not a whole number from 1 to 1,000`);
    }
    if (!(tokenRatio >= 0.001)) throw new RangeError(`tokenRatio: ${tokenRatio} is below 0.001`);
    this.#max = maxTokens * 1_000;
    this.#perSuccess = Math.floor(tokenRatio * 1_000 + 1e-6);
    this.#tokens = this.#max;
  }

  /** Whether a call may be repeated now. */
  get allows(): boolean {
    return this.#tokens > this.#max / 2;
  }

  succeeded(): void {
    this.#tokens = Math.min(this.#max, this.#tokens + this.#perSuccess);
  }

  /** A call failed in a way that could have been repeated, or the server asked for no repetition. */
  failed(): void {
    this.#tokens = Math.max(0, this.#tokens - 1_000);
  }
}
