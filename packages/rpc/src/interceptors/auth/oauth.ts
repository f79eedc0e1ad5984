import { boundedResponse, type Fetch, httpsUrl } from '../../core/bounded-fetch.ts';
import type { Transport } from '../../core/call.ts';
import { ownFault } from '../../core/own-fault.ts';
import { RpcError } from '../../rpc-error.ts';
import { bearerClient, type TokenSource } from './bearer.ts';

export interface OAuthClientOptions {
  /** The token endpoint: HTTPS, or HTTP on loopback. */
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scopes?: readonly string[];
  /** For authorization servers that want to know who the token is for. */
  readonly audience?: string;
  /** The same by RFC 8707. */
  readonly resource?: string;
  /** How the client says who it is (RFC 6749, 2.3.1). Default `basic`. */
  readonly authentication?: 'basic' | 'body';
  /** A new token is fetched this long before the old one ends: default 60,000, at most half its life. */
  readonly refreshBeforeMs?: number;
  /** For one request of a token: default 10,000. */
  readonly timeoutMs?: number;
  /** After a failure no other request is made for this long: default 1,000. */
  readonly retryAfterMs?: number;
  /** Default the global one. */
  readonly fetch?: Fetch;
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly now?: () => number;
}

/** Of a token whose server does not say how long it lives. */
const assumedLifetimeMs = 300_000;
/** A refused token that is younger is kept: a new one would be refused as well. */
const minAgeOfRefusedMs = 5_000;
const maxAnswerBytes = 64 * 1024;

/**
 * A client interceptor that gets its tokens by OAuth 2.0 client credentials (RFC 6749, 4.4). One
 * request serves all calls that wait; a token is used until shortly before it ends, and the next
 * one is fetched meanwhile. Calls fail with `unauthenticated` where the authorization server refuses
 * the client, else with `unavailable` (retryable).
 */
export function oauthClient(options: OAuthClientOptions): (next: Transport) => Transport {
  return bearerClient(clientCredentials(options));
}

/** The tokens alone, to be used for something else than calls. */
export function clientCredentials(options: OAuthClientOptions): TokenSource {
  return new ClientCredentials(options);
}

interface Token {
  readonly text: string;
  readonly fetchedAt: number;
  readonly refreshAt: number;
  readonly expiresAt: number;
}

class ClientCredentials implements TokenSource {
  readonly #options: OAuthClientOptions;
  readonly #url: string;
  readonly #now: () => number;
  #token: Token | undefined;
  #fetching: Promise<string> | undefined;
  #failure: { readonly error: RpcError; readonly until: number } | undefined;

  constructor(options: OAuthClientOptions) {
    this.#options = options;
    this.#url = httpsUrl(options.tokenUrl, 'OAuth token endpoint').href;
    this.#now = options.now ?? Date.now;
  }

  token(): string | Promise<string> {
    const now = this.#now();
    const token = this.#token;
    if (token === undefined || now >= token.expiresAt) return this.#fetch(now);
    // The old one still serves: a failure shows when it has ended.
    if (now >= token.refreshAt) this.#fetch(now).catch(() => {});
    return token.text;
  }

  refused(text: string): void {
    const token = this.#token;
    if (token?.text === text && this.#now() - token.fetchedAt >= minAgeOfRefusedMs) {
      this.#token = undefined;
    }
  }

  #fetch(now: number): Promise<string> {
    if (this.#fetching !== undefined) return this.#fetching;
    if (this.#failure !== undefined && now < this.#failure.until) {
      return Promise.reject(this.#failure.error);
    }
    this.#fetching = this.#request()
      .catch((reason: unknown) => {
        const error = ownFault('the OAuth client', reason);
        this.#failure = { error, until: this.#now() + (this.#options.retryAfterMs ?? 1_000) };
        throw error;
      })
      .finally(() => {
        this.#fetching = undefined;
      });
    return this.#fetching;
  }

  async #request(): Promise<string> {
    const { fetch: fetcher = fetch, timeoutMs = 10_000 } = this.#options;
    let response: Response;
    let body: unknown;
    try {
      const answer = await fetcher(this.#url, {
        ...requestOf(this.#options),
        signal: AbortSignal.timeout(timeoutMs),
      });
      response = await boundedResponse(answer, maxAnswerBytes);
      body = await response.json();
    } catch (cause) {
      throw unavailable('cannot be reached, or its answer is no JSON', cause);
    }
    if (!response.ok) throw refusalOf(response.status, body);
    this.#token = this.#tokenOf(body, this.#now());
    this.#failure = undefined;
    return this.#token.text;
  }

  #tokenOf(body: unknown, now: number): Token {
    const { access_token, token_type, expires_in } = fieldsOf(body);
    if (typeof access_token !== 'string' || !/^[\x21-\x7e]+$/.test(access_token)) {
      throw unavailable('gave no access_token');
    }
    if (typeof token_type !== 'string' || token_type.toLowerCase() !== 'bearer') {
      throw unavailable('gave a token of another type than Bearer');
    }
    const seconds = Number(expires_in ?? assumedLifetimeMs / 1000);
    const lifetimeMs = seconds > 0 ? seconds * 1000 : assumedLifetimeMs;
    const beforeMs = Math.min(this.#options.refreshBeforeMs ?? 60_000, lifetimeMs / 2);
    const expiresAt = now + lifetimeMs;
    return { text: access_token, fetchedAt: now, refreshAt: expiresAt - beforeMs, expiresAt };
  }
}

function requestOf(options: OAuthClientOptions): RequestInit {
  const { clientId, clientSecret, scopes, audience, resource, authentication } = options;
  const form = new URLSearchParams({ grant_type: 'client_credentials' });
  if (scopes !== undefined) form.set('scope', scopes.join(' '));
  if (audience !== undefined) form.set('audience', audience);
  if (resource !== undefined) form.set('resource', resource);
  const headers: Record<string, string> = {
    accept: 'application/json',
    'content-type': 'application/x-www-form-urlencoded',
  };
  if (authentication === 'body') {
    form.set('client_id', clientId);
    form.set('client_secret', clientSecret);
  } else {
    const pair = `${formEncoded(clientId)}:${formEncoded(clientSecret)}`;
    headers.authorization = `Basic ${btoa(pair)}`;
  }
  return { method: 'POST', headers, body: form.toString(), redirect: 'error' };
}

/** As RFC 6749, 2.3.1 wants it before Basic: what stands after the `=` of a form. */
function formEncoded(text: string): string {
  return new URLSearchParams({ x: text }).toString().slice(2);
}

function refusalOf(status: number, body: unknown): RpcError {
  const { error } = fieldsOf(body);
  const word = typeof error === 'string' && /^[a-z_]{1,40}$/.test(error) ? error : `HTTP ${status}`;
  if (status >= 500 || status === 429 || status === 408) return unavailable(`answered ${word}`);
  return new RpcError(
    'unauthenticated',
    `the OAuth token endpoint refuses this client: ${word}; see to its id, secret and scopes`,
  );
}

function fieldsOf(body: unknown): Record<string, unknown> {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
}

function unavailable(what: string, cause?: unknown): RpcError {
  return new RpcError('unavailable', `the OAuth token endpoint ${what}`, {
    cause,
    retryable: true,
  });
}
