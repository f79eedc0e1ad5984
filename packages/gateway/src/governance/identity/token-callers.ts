import { hashSecret, type JwtIssuerConfig, ownIssuer } from '@zeke/foundation';
import {
  claimedIssuer,
  type JwtRefusal,
  type JwtVerdict,
  jwtError,
} from '@zeke/foundation/auth/jwt';
import type { RpcError } from '@zeke/rpc';
import { apiError } from '../../neutral/api-error.ts';
import { type Caller, type CredentialSource, callerOfKey } from '../authenticate.ts';
import type { KeyStore } from '../key-store.ts';
import { claimedIdentity } from './claimed-identity.ts';
import { foundAgain, type KnownCaller } from './known-caller.ts';
import type { OwnTokens } from './own-tokens.ts';
import type { Principal, Principals } from './principals.ts';
import { TokenIssuer, type TokenIssuerOptions } from './token-issuer.ts';

/** Tokens whose verdict is remembered, and for how long at most, in milliseconds. */
const maxKnown = 10_000;
const maxKnownMs = 300_000;
const maxTokenChars = 8_192;

export interface TokenCallersOptions extends TokenIssuerOptions {
  keys: KeyStore;
  principals: Principals;
}

/** A token that was verified, and who sends it. */
interface Known extends KnownCaller {
  untilMs: number;
}

/**
 * Callers with JSON Web Tokens: of issuers of the configuration, and zeke's own access tokens.
 *
 * That a token is good is remembered until it ends, for 5 minutes at most; who its user is as long as
 * a key is believed. So a token costs a hash and a look-up, and a user who is removed or gets another
 * role is heeded by the next request.
 */
export class TokenCallers {
  readonly #options: TokenCallersOptions;
  #issuers: ReadonlyMap<string, TokenIssuer> = new Map();
  #own: OwnTokens | undefined;
  #known = new Map<string, Known>();

  constructor(options: TokenCallersOptions) {
    this.#options = options;
  }

  /** Other issuers, and what verifies access tokens of zeke's own, where there are any. */
  configure(issuers: readonly JwtIssuerConfig[], own: OwnTokens | undefined): void {
    const before = this.#issuers;
    this.#issuers = new Map(
      issuers.map((config) => [
        config.issuer,
        new TokenIssuer(config, this.#options, before.get(config.issuer)),
      ]),
    );
    this.#own = own;
    this.#known = new Map();
  }

  /** Undefined where no token is believed. */
  get source(): CredentialSource | undefined {
    if (this.#issuers.size === 0 && this.#own === undefined) return undefined;
    return ({ token }) => (token === undefined ? undefined : this.callerOf(token));
  }

  /**
   * Who sends this token; undefined where it has not the form of one. Throws, or rejects with,
   * `unauthenticated` with the reason, and `unavailable` when the keys of its issuer are out of reach.
   */
  callerOf(token: string): Caller | Promise<Caller> | undefined {
    if (!hasTokenForm(token)) return undefined;
    if (token.length > maxTokenChars) {
      throw refused(`the JWT is longer than ${maxTokenChars} characters`);
    }
    const hash = hashSecret(token);
    const known = this.#known.get(hash);
    if (known === undefined || this.#options.now() >= known.untilMs) {
      return this.#verify(token, hash);
    }
    const { keys } = this.#options;
    if (!keys.isCurrent(known.mark)) return this.#findAgain(known);
    const { keyId } = known.caller;
    if (known.caller.credential === 'access-token' && keyId !== undefined) keys.used(keyId);
    return known.caller;
  }

  async #findAgain(known: Known): Promise<Caller> {
    try {
      return await foundAgain(this.#options.keys, known);
    } catch (reason) {
      known.untilMs = 0;
      throw reason;
    }
  }

  async #verify(token: string, hash: string): Promise<Caller> {
    const remembered = this.#known;
    const issuer = claimedIssuer(token);
    if (typeof issuer !== 'string') throw refusalOf(issuer);
    const own = issuer === ownIssuer ? this.#own : undefined;
    const known = own ? await this.#verifyOwn(own, token) : await this.#verifyOf(issuer, token);
    const oldest = remembered.size >= maxKnown ? remembered.keys().next().value : undefined;
    if (oldest !== undefined) remembered.delete(oldest);
    remembered.set(hash, known);
    return known.caller;
  }

  /** An access token stands for the key that it was given to, within the scope that it was given. */
  async #verifyOwn(own: OwnTokens, token: string): Promise<Known> {
    const { keys } = this.#options;
    const { claims, untilMs } = this.#accepted(own.verify('access', token));
    const { scope, sub } = claims;
    if (sub === undefined || typeof scope !== 'string') throw refused('the token names no key');
    const scopes = new Set(scope.split(' '));
    const find = async (): Promise<Caller> => {
      const key = await keys.usable(sub);
      known.untilMs = Math.min(known.untilMs, key.expiresAtMs ?? known.untilMs);
      const caller = callerOfKey(key);
      caller.credential = 'access-token';
      caller.admin &&= scopes.has('admin');
      caller.inference &&= scopes.has('inference');
      return caller;
    };
    const known = { untilMs, mark: keys.mark(), find };
    const caller = await find();
    return { ...known, caller };
  }

  async #verifyOf(name: string, token: string): Promise<Known> {
    const { keys, principals } = this.#options;
    const issuer = this.#issuers.get(name);
    if (issuer === undefined) {
      throw refused('the JWT is not of an issuer ("iss") that is trusted here (auth.jwt)');
    }
    const { claims, untilMs } = this.#accepted(await issuer.verify(token));
    const { config } = issuer;
    const identity = claimedIdentity(claims, config);
    const find = async (): Promise<Caller> => {
      const principal = await principals.find(config.name, identity, config);
      return callerOf(config, principal, identity);
    };
    const mark = keys.mark();
    return { untilMs, mark, find, caller: await find() };
  }

  #accepted(verdict: JwtVerdict) {
    if (!verdict.ok) throw refusalOf(verdict);
    const { claims } = verdict;
    return {
      claims,
      untilMs: Math.min((claims.exp ?? 0) * 1_000, this.#options.now() + maxKnownMs),
    };
  }
}

/** What stands for a key wherever callers are told apart: limits, the cache, the ledger. */
function callerOf(
  { name, tier }: JwtIssuerConfig,
  principal: Principal,
  { allowedModels, grants }: ReturnType<typeof claimedIdentity>,
): Caller {
  const { orgId, role, teamId, userId } = principal;
  return {
    keyId: `jwt:${name}:${userId ?? teamId}`,
    owner: principal.name,
    credential: 'jwt',
    admin: grants.includes('admin'),
    inference: grants.includes('inference'),
    role,
    orgId,
    ...(teamId === undefined ? {} : { teamId }),
    ...(userId === undefined ? {} : { userId }),
    ...(allowedModels === undefined ? {} : { allowedModels }),
    ...(tier === undefined ? {} : { tier }),
  };
}

/** Three parts with dots between them: what no key of a vendor looks like. */
function hasTokenForm(token: string): boolean {
  const first = token.indexOf('.');
  return first > 0 && token.indexOf('.', first + 1) > first;
}

function refusalOf(refusal: JwtRefusal): RpcError {
  const { code, message, retryable } = jwtError(refusal);
  const reason = code === 'unavailable' ? 'key_set_unavailable' : 'invalid_api_key';
  return apiError(code, message, { reason, retryable });
}

function refused(message: string): RpcError {
  return apiError('unauthenticated', message, { reason: 'invalid_api_key' });
}
