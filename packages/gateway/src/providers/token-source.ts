import { RpcError } from '@zeke/rpc';
import { apiError } from '../neutral/api-error.ts';
import { waitFor } from './wait-for.ts';

/** Longest wait for a token, in milliseconds. */
const fetchTimeoutMs = 30_000;
/** A token is replaced this long before it expires, or after three quarters of a shorter life. */
const refreshAheadMs = 5 * 60_000;
/** It is not handed out for its last moments: it has to last until the vendor has read it. */
const leastLifeMs = 10_000;
/** After a replacement in the background failed, the next is tried after this time. */
const retryAfterMs = 10_000;

/** Something that authenticates, and until when it does. */
export interface Token<T> {
  value: T;
  /** Milliseconds since the epoch; absent where it does not expire. */
  expiresAtMs?: number;
}

export interface TokenSourceOptions<T> {
  /** Asks the authority. What it throws is told as it is, so it should throw `credentialsError`. */
  fetchToken: (signal: AbortSignal) => Promise<Token<T>>;
  /** Milliseconds since the epoch. */
  now: () => number;
}

interface Held<T> {
  token: Token<T>;
  refreshAtMs: number;
  unusableAtMs: number;
}

/**
 * Keeps an access token and replaces it before it expires, in the background, so that a request
 * waits for the authority only when there is no good token. However many wait, the authority is
 * asked once.
 */
export class TokenSource<T> {
  readonly #options: TokenSourceOptions<T>;
  #held: Held<T> | undefined;
  #running: Promise<T> | undefined;
  #notBeforeMs = 0;

  constructor(options: TokenSourceOptions<T>) {
    this.#options = options;
  }

  /**
   * A token that is good now: at hand where one is kept. Rejects with what the authority's refusal
   * was made into, or with the signal's reason when the caller leaves first.
   */
  get(signal: AbortSignal): T | Promise<T> {
    const held = this.#held;
    const now = this.#options.now();
    // A caller who leaves stops waiting; the authority goes on being asked, for the others.
    if (!held || now >= held.unusableAtMs) return waitFor(this.#fetch(), signal);
    if (now >= held.refreshAtMs && now >= this.#notBeforeMs) {
      this.#notBeforeMs = now + retryAfterMs;
      this.#fetch().catch(() => undefined);
    }
    return held.token.value;
  }

  /** Forgets a token that the vendor refused, unless it has been replaced since. */
  forget(value: T): void {
    if (this.#held?.token.value === value) this.#held = undefined;
  }

  #fetch(): Promise<T> {
    this.#running ??= this.#ask().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #ask(): Promise<T> {
    const token = await this.#options.fetchToken(AbortSignal.timeout(fetchTimeoutMs));
    this.#held = hold(token, this.#options.now());
    return token.value;
  }
}

/** What is told when a provider's credentials are missing or refused: nobody but the operator can help. */
export function credentialsError(provider: string, what: string, cause?: unknown): RpcError {
  return apiError(
    'failed_precondition',
    `${what}; check providers.${provider} in the configuration`,
    {
      status: 502,
      provider,
      reason: 'provider_credentials',
      retryable: true,
      ...(cause === undefined ? {} : { cause }),
    },
  );
}

/** What is told when whoever gives out credentials can't be reached or does not answer in time. */
export function authorityError(provider: string, authority: string, cause: unknown): RpcError {
  if (cause instanceof RpcError) return cause;
  const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
  return apiError(
    'unavailable',
    `${authority}, asked for the credentials of ${provider}, can't be reached${code}`,
    {
      status: 502,
      provider,
      retryable: true,
      cause,
    },
  );
}

function hold<T>(token: Token<T>, now: number): Held<T> {
  const { expiresAtMs } = token;
  if (expiresAtMs === undefined) {
    return { token, refreshAtMs: Infinity, unusableAtMs: Infinity };
  }
  const lifeMs = Math.max(0, expiresAtMs - now);
  return {
    token,
    refreshAtMs: expiresAtMs - Math.min(refreshAheadMs, lifeMs / 4),
    unusableAtMs: expiresAtMs - Math.min(leastLifeMs, lifeMs / 10),
  };
}
