import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
  type JSONWebKeySet,
  type JWSAlgorithm,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwtVerify,
} from 'jose';
import { boundedResponse, type Fetch, httpsUrl } from '../../core/bounded-fetch.ts';
import type { CallHandler, ServerCall } from '../../core/call.ts';
import { RpcError } from '../../rpc-error.ts';
import { type CredentialHeader, credentialOf } from './credential.ts';
import { admit, admitLater, type Identity } from './identity.ts';

/** Where the keys are that tokens are verified with. */
export type JwtKeys =
  /** A JSON Web Key Set over HTTPS (or HTTP on loopback), fetched when needed, again for a new key. */
  | { readonly url: string }
  /** A key set that is there already. */
  | { readonly keySet: JSONWebKeySet }
  /** A secret of at least 32 bytes, for the algorithms HS256, HS384 and HS512. */
  | { readonly secret: Uint8Array };

export interface JwtServerOptions {
  readonly keys: JwtKeys;
  /** `iss` must be one of these. */
  readonly issuer: string | readonly string[];
  /** `aud` must have one of these. */
  readonly audience: string | readonly string[];
  /**
   * The algorithms that are taken. Default: RS256, PS256, ES256, ES384 and EdDSA for keys, HS256 for
   * a secret. `none` cannot be named.
   */
  readonly algorithms?: readonly JWSAlgorithm[];
  /** The header's `typ`, such as `at+jwt` (RFC 9068). Default: any. */
  readonly type?: string;
  /** How far the clocks may be apart, for `exp` and `nbf`: default 5,000. */
  readonly clockToleranceMs?: number;
  /** Where the token comes. Default `authorization`, after `Bearer `. */
  readonly header?: CredentialHeader;
  /** False: a call without a token is passed on without an identity. Default true. */
  readonly required?: boolean;
  /** Who a verified token names; undefined for nobody. Default `identityOfClaims`. */
  readonly identify?: (claims: JWTPayload) => Identity | undefined;
  /** How long a verified token is believed without verifying it again: default 30,000. */
  readonly cacheMs?: number;
  /** How many verified tokens are remembered: default 1,000. 0: none. */
  readonly maxCached?: number;
  /** For the key set. Default the global one. */
  readonly fetch?: Fetch;
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly now?: () => number;
}

const asymmetric: readonly JWSAlgorithm[] = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'];
const symmetric: readonly JWSAlgorithm[] = ['HS256'];
const maxTokenLength = 8 * 1024;
const minSecretBytes = 32;
const maxKeySetBytes = 256 * 1024;
const keySetTimeoutMs = 5_000;

/**
 * A server interceptor that knows callers by a JWT (RFC 7519, 8725): signature, issuer, audience and
 * expiry are always checked, and only the named algorithms are taken. Calls wait, paused, while a
 * token is verified; a verified one is remembered for a short time.
 *
 * Refused with `unauthenticated`: no token (unless `required` is false) or one that does not hold;
 * with `unavailable`: no token can be verified now, for want of the key set.
 */
export function jwtServer(options: JwtServerOptions): (next: CallHandler) => CallHandler {
  const { header = 'authorization', required = true } = options;
  const verifier = new TokenVerifier(options);
  return (next) => (call: ServerCall) => {
    const token = credentialOf(call.metadata, header);
    if (token === undefined && !required) {
      next(call);
      return;
    }
    if (token === undefined || token.length > maxTokenLength) {
      admit(call, unauthenticated(`a JWT is needed, in the metadata ${header}`), next);
      return;
    }
    const known = verifier.remembered(token);
    if (known === undefined) return admitLater(call, verifier.verify(token), next);
    admit(call, known, next);
  };
}

/**
 * The identity of a token's claims: `sub`, else `client_id`, as its id; `roles` and `scope` (text
 * with spaces, or a list) as RFC 9068 has them.
 */
export function identityOfClaims(claims: JWTPayload): Identity | undefined {
  const id = claims.sub ?? claims.client_id;
  if (typeof id !== 'string' || id === '') return undefined;
  return {
    id,
    scheme: 'jwt',
    roles: wordsOf(claims.roles),
    scopes: wordsOf(claims.scope ?? claims.scp),
    claims,
  };
}

function wordsOf(claim: unknown): readonly string[] {
  if (typeof claim === 'string') return claim.split(' ').filter((word) => word !== '');
  if (!Array.isArray(claim)) return [];
  return claim.filter((word): word is string => typeof word === 'string');
}

interface Remembered {
  readonly identity: Identity;
  readonly until: number;
}

/** Verifies tokens, each once while it is remembered. */
class TokenVerifier {
  readonly #key: Uint8Array | JWTVerifyGetKey;
  readonly #checks: JWTVerifyOptions;
  readonly #identify: (claims: JWTPayload) => Identity | undefined;
  readonly #toleranceMs: number;
  readonly #cacheMs: number;
  readonly #maxCached: number;
  readonly #now: () => number;
  readonly #remembered = new Map<string, Remembered>();
  readonly #underWay = new Map<string, Promise<Identity | RpcError>>();

  constructor(options: JwtServerOptions) {
    this.#toleranceMs = options.clockToleranceMs ?? 5_000;
    this.#key = keyOf(options.keys, options.fetch ?? fetch);
    this.#checks = {
      algorithms: algorithmsOf(options),
      issuer: someOf(options.issuer, 'issuer'),
      audience: someOf(options.audience, 'audience'),
      clockTolerance: this.#toleranceMs / 1000,
      requiredClaims: ['exp'],
      ...(options.type === undefined ? {} : { typ: options.type }),
    };
    this.#identify = options.identify ?? identityOfClaims;
    this.#cacheMs = options.cacheMs ?? 30_000;
    this.#maxCached = options.maxCached ?? 1_000;
    this.#now = options.now ?? Date.now;
  }

  remembered(token: string): Identity | undefined {
    const found = this.#remembered.get(token);
    if (found === undefined) return undefined;
    if (found.until > this.#now()) return found.identity;
    this.#remembered.delete(token);
    return undefined;
  }

  verify(token: string): Promise<Identity | RpcError> {
    let verdict = this.#underWay.get(token);
    if (verdict === undefined) {
      verdict = this.#verify(token).finally(() => this.#underWay.delete(token));
      this.#underWay.set(token, verdict);
    }
    return verdict;
  }

  async #verify(token: string): Promise<Identity | RpcError> {
    const now = this.#now();
    try {
      const checks = { ...this.#checks, currentDate: new Date(now) };
      const { payload } = await jwtVerify(token, this.#key, checks);
      const identity = this.#identify(payload);
      if (identity === undefined) return unauthenticated('the JWT names nobody who may call here');
      this.#remember(token, identity, Math.min(now + this.#cacheMs, this.#endOf(payload)));
      return identity;
    } catch (error) {
      return faultOf(error);
    }
  }

  #endOf(payload: JWTPayload): number {
    return (payload.exp ?? 0) * 1000 + this.#toleranceMs;
  }

  #remember(token: string, identity: Identity, until: number): void {
    if (this.#maxCached === 0) return;
    if (this.#remembered.size >= this.#maxCached) {
      const [oldest] = this.#remembered.keys();
      if (oldest !== undefined) this.#remembered.delete(oldest);
    }
    this.#remembered.set(token, { identity, until });
  }
}

function keyOf(keys: JwtKeys, fetcher: Fetch): Uint8Array | JWTVerifyGetKey {
  if ('secret' in keys) {
    if (keys.secret.length >= minSecretBytes) return keys.secret;
    throw new RpcError(
      'invalid_argument',
      `JWT secret: ${keys.secret.length} bytes are too few, ${minSecretBytes} are needed`,
    );
  }
  if ('keySet' in keys) return createLocalJWKSet(keys.keySet);
  return createRemoteJWKSet(httpsUrl(keys.url, 'JWT key set'), {
    timeoutDuration: keySetTimeoutMs,
    [customFetch]: async (url, init) => boundedResponse(await fetcher(url, init), maxKeySetBytes),
  });
}

function algorithmsOf(options: JwtServerOptions): JWSAlgorithm[] {
  const secret = 'secret' in options.keys;
  const algorithms = options.algorithms ?? (secret ? symmetric : asymmetric);
  const wrong = algorithms.find((name) => name.startsWith('HS') !== secret || !isSigned(name));
  if (wrong === undefined && algorithms.length > 0) return [...algorithms];
  throw new RpcError(
    'invalid_argument',
    wrong === undefined
      ? 'JWT algorithms: name at least one'
      : `JWT algorithms: ${wrong} cannot be used with ${secret ? 'a secret' : 'public keys'}`,
  );
}

function isSigned(algorithm: string): boolean {
  return algorithm.toLowerCase() !== 'none';
}

function someOf(names: string | readonly string[], what: string): string[] {
  const list = typeof names === 'string' ? [names] : [...names];
  if (list.length > 0 && !list.includes('')) return list;
  throw new RpcError('invalid_argument', `JWT ${what}: name at least one, and no empty one`);
}

/** What a failed verification means; jose's messages hold nothing of the token. */
function faultOf(error: unknown): RpcError {
  if (error instanceof errors.JWTExpired) {
    return unauthenticated('the JWT has expired: get a new one', error);
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    return unauthenticated(`the JWT does not hold here: its claim "${error.claim}"`, error);
  }
  if (error instanceof errors.JWKSTimeout || !isTokenFault(error)) {
    return new RpcError('unavailable', 'no JWT can be verified now: the key set is out of reach', {
      cause: error,
      retryable: true,
    });
  }
  return unauthenticated('the JWT does not hold here: its form, algorithm or signature', error);
}

/** False for what has failed at the key set: the network, a status, a body that is none. */
function isTokenFault(error: unknown): boolean {
  return (
    error instanceof errors.JOSEError &&
    error.code !== errors.JOSEError.code &&
    !(error instanceof errors.JWKSInvalid)
  );
}

function unauthenticated(message: string, cause?: unknown): RpcError {
  return new RpcError('unauthenticated', message, { cause });
}
