import { isLoopbackHost, type OidcConfig } from '@zeke/foundation';
import type { JwtClaims } from '@zeke/foundation/auth/jwt';
import { RpcError } from '@zeke/rpc';
import type { Configuration } from 'openid-client';
import { readLimited } from '../../framing/read-limited.ts';
import { apiError } from '../../neutral/api-error.ts';

export interface OidcProviderOptions {
  fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Milliseconds on a clock that never jumps. */
  monotonicMs: () => number;
}

/** A login that has begun: where to send the browser, and what has to be known when it comes back. */
export interface BegunLogin {
  url: string;
  state: string;
  nonce: string;
  /** Of PKCE. */
  verifier: string;
}

const timeoutSeconds = 10;
const maxAnswerBytes = 262_144;
/** How long the provider's metadata is used, and how long it is left alone when it could not be had. */
const metadataMs = 600_000;
const coolDownMs = 5_000;

/**
 * A login provider by OpenID Connect: authorization code with PKCE (S256), state and nonce, through
 * `openid-client`, which is loaded at the first login. ID tokens have to be signed with a key of the
 * provider's set.
 */
export class OidcProvider {
  readonly #config: OidcConfig;
  readonly #options: OidcProviderOptions;
  #metadata: { at: number; configuration: Promise<Configuration> } | undefined;
  #failedAt = Number.NEGATIVE_INFINITY;

  constructor(config: OidcConfig, options: OidcProviderOptions) {
    this.#config = config;
    this.#options = options;
  }

  /** Throws `unavailable` when the provider is out of reach. */
  async begin(redirectUri: string): Promise<BegunLogin> {
    const client = await import('openid-client');
    const configuration = await this.#configuration();
    const [state, nonce, verifier] = [
      client.randomState(),
      client.randomNonce(),
      client.randomPKCECodeVerifier(),
    ];
    const url = client.buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      response_type: 'code',
      scope: this.#config.scopes.join(' '),
      state,
      nonce,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    return { url: url.href, state, nonce, verifier };
  }

  /**
   * The claims of who has logged in, of the ID token and of the provider's user info. `url` is that with
   * which the browser came back. Throws `unauthenticated` for anything that does not fit what was begun,
   * `unavailable` when the provider is out of reach.
   */
  async finish(url: URL, begun: Omit<BegunLogin, 'url'>): Promise<JwtClaims> {
    const client = await import('openid-client');
    const configuration = await this.#configuration();
    try {
      const tokens = await client.authorizationCodeGrant(configuration, url, {
        expectedState: begun.state,
        expectedNonce: begun.nonce,
        pkceCodeVerifier: begun.verifier,
        idTokenExpected: true,
      });
      const claims = tokens.claims();
      if (claims === undefined) throw new TypeError('there is no ID token');
      if (configuration.serverMetadata().userinfo_endpoint === undefined) return { ...claims };
      const more = await client.fetchUserInfo(configuration, tokens.access_token, claims.sub);
      return { ...more, ...claims };
    } catch (reason) {
      throw loginError(reason);
    }
  }

  /** Asked for again when it is old; when that fails the old one is used on. */
  async #configuration(): Promise<Configuration> {
    const now = this.#options.monotonicMs();
    const known = this.#metadata;
    if (known && now - known.at < metadataMs) return await known.configuration;
    if (now - this.#failedAt < coolDownMs) {
      if (known) return await known.configuration;
      throw outOfReach();
    }
    const asked = { at: now, configuration: this.#discover() };
    this.#metadata = asked;
    try {
      return await asked.configuration;
    } catch (reason) {
      this.#failedAt = now;
      this.#metadata = known;
      if (known) return await known.configuration;
      throw outOfReach(reason);
    }
  }

  async #discover(): Promise<Configuration> {
    const client = await import('openid-client');
    const { clientId, clientSecret, issuer } = this.#config;
    const address = new URL(issuer);
    const configuration = await client.discovery(
      address,
      clientId,
      undefined,
      clientSecret === undefined ? client.None() : client.ClientSecretBasic(clientSecret.reveal()),
      {
        timeout: timeoutSeconds,
        [client.customFetch]: (url, init) => this.#fetch(url, init as RequestInit),
        execute: [
          client.enableNonRepudiationChecks,
          ...(isLoopbackHost(address.hostname) ? [client.allowInsecureRequests] : []),
        ],
      },
    );
    return configuration;
  }

  async #fetch(url: string, init: RequestInit): Promise<Response> {
    const response = await this.#options.fetch(url, init);
    const body = await readLimited(response.body, maxAnswerBytes, () => {
      return new RpcError('unavailable', `the answer is longer than ${maxAnswerBytes} bytes`);
    });
    const { headers, status } = response;
    return new Response(status === 204 || status === 304 ? null : body, { headers, status });
  }
}

/**
 * What the library says in its own words is told, which names claims and parameters; what it has from the
 * answer is not, since that may hold codes and tokens.
 */
function loginError(reason: unknown): RpcError {
  const { cause, code, error, message } = reason as {
    cause?: { message?: unknown };
    code?: string;
    error?: string;
    message?: string;
  };
  if (error !== undefined) {
    const said = error.slice(0, 100).replace(/[^\w .-]/g, '');
    return refused(`the login provider refused the login: ${said}`);
  }
  if (code?.startsWith('OAUTH_') !== true || code === 'OAUTH_TIMEOUT') return outOfReach();
  const why = typeof cause?.message === 'string' ? cause.message : message;
  return refused(`the answer of the login provider does not hold: ${why?.slice(0, 200)}`);
}

function refused(message: string): RpcError {
  return apiError('unauthenticated', message, { reason: 'login_refused' });
}

function outOfReach(reason?: unknown): RpcError {
  const { message = '' } = (reason ?? {}) as { message?: string };
  const why = message === '' ? '' : `: ${message.slice(0, 200)}`;
  return apiError('unavailable', `the login provider is out of reach (auth.oidc.issuer)${why}`, {
    reason: 'login_provider_unavailable',
    retryable: true,
  });
}
