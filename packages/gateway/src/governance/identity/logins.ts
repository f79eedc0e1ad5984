import type { OidcConfig } from '@zeke/foundation';
import type { JwtClaims } from '@zeke/foundation/auth/jwt';
import type { RpcError } from '@zeke/rpc';
import { z } from 'zod';
import { apiError } from '../../neutral/api-error.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { ApiKey, KeyStore, LoginPlace } from '../key-store.ts';
import { type ClaimedIdentity, claimedIdentity } from './claimed-identity.ts';
import { OidcProvider, type OidcProviderOptions } from './oidc-provider.ts';
import type { OwnTokens } from './own-tokens.ts';
import type { Principal, Principals } from './principals.ts';
import type { UsedOnce } from './used-once.ts';

export interface LoginsOptions extends OidcProviderOptions {
  principals: Principals;
  keys: KeyStore;
  audit: Pick<AuditLog, 'append'>;
  /** Tickets and codes. */
  used: UsedOnce;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** How long a login may take at the provider, and a command to fetch its key, in milliseconds. */
const ticketMs = 600_000;
const codeMs = 60_000;
/** Longer than tokens are taken after their end. */
const clockLeewayMs = 10_000;
/** How long keys of logins are listed after their end. */
const keptMs = 30 * 86_400_000;

const wishSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('browser'), returnTo: z.string() }),
  z.object({
    kind: z.literal('command-line'),
    redirectUri: z.string(),
    state: z.string(),
    challenge: z.string(),
  }),
]);

/**
 * What is to follow a login: a session in the browser, which goes on at a path of ours; or a code for a
 * command that listens at `redirectUri`, with the S256 challenge of its PKCE verifier.
 */
export type LoginWish = z.infer<typeof wishSchema>;

const ticketSchema = z.object({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  wish: wishSchema,
  jti: z.string(),
  exp: z.number(),
});

/** What a browser keeps between the beginning and the end of a login. */
export type LoginTicket = z.infer<typeof ticketSchema>;

/** Somebody who has logged in. */
export interface LoggedIn {
  principal: Principal;
  identity: ClaimedIdentity;
}

/** A key that a login has made, and until when it holds. */
export interface LoginKey {
  key: ApiKey;
  secret: string;
  ttlMs: number;
}

/** People who log in at a provider by OpenID Connect, and get a key of the gateway for a while. */
export class Logins {
  readonly #options: LoginsOptions;
  readonly #config: OidcConfig;
  readonly #own: OwnTokens;
  readonly #provider: OidcProvider;

  constructor(config: OidcConfig, own: OwnTokens, options: LoginsOptions) {
    this.#config = config;
    this.#own = own;
    this.#options = options;
    this.#provider = new OidcProvider(config, options);
  }

  /** Where the browser is to go, and the ticket that it is to bring back. Throws `unavailable`. */
  async begin(redirectUri: string, wish: LoginWish): Promise<{ url: string; ticket: string }> {
    const { nonce, state, url, verifier } = await this.#provider.begin(redirectUri);
    const ticket = this.#own.issue('login', { state, nonce, verifier, wish }, ticketMs);
    return { url, ticket };
  }

  /** What a ticket says. Throws `unauthenticated` for one that is not ours, has ended or is missing. */
  ticketOf(text: string | undefined): LoginTicket {
    const verdict = text === undefined ? undefined : this.#own.verify('login', text);
    const ticket = verdict?.ok ? ticketSchema.safeParse(verdict.claims) : undefined;
    if (ticket?.success) return ticket.data;
    throw refused('this login was not begun in this browser, or too long ago');
  }

  /**
   * Who has come back from the provider, by the URL with which the browser did. Each ticket is good for
   * one attempt. Throws `unauthenticated` for what does not fit, or names nobody we know; `unavailable`.
   */
  async complete(url: URL, ticket: LoginTicket): Promise<LoggedIn> {
    this.#takeOnce(ticket, 'this login has been used');
    const claims = await this.#provider.finish(url, ticket);
    const identity = claimedIdentity(claims, this.#config);
    const principal = await this.#options.principals.find('oidc', identity, this.#config);
    return { principal, identity };
  }

  /** A key for somebody who has logged in; it is on the audit log. */
  async keyFor({ identity, principal }: LoggedIn, place: LoginPlace): Promise<LoginKey> {
    const { audit, keys, now } = this.#options;
    const { sessionTtlMs: ttlMs, tier } = this.#config;
    const nowMs = now();
    const { name, teamId, userId } = principal;
    const made = await keys.create({
      name: `login (${place})`,
      owner: name,
      scopes: [...identity.grants],
      login: place,
      expiresAtMs: nowMs + ttlMs,
      ...(userId === undefined ? {} : { userId }),
      // A user's own team stays the user's to change.
      ...(teamId === undefined || identity.team === undefined ? {} : { teamId }),
      ...(identity.role === undefined ? {} : { role: identity.role }),
      ...(identity.allowedModels ? { allowedModels: [...identity.allowedModels] } : {}),
      ...(tier === undefined ? {} : { tier }),
    });
    const { id } = made.key;
    const who = { actor: 'key', keyId: id, owner: name, objectId: id } as const;
    await audit.append({
      ...who,
      action: 'auth.login',
      objectKind: 'key',
      outcome: 'ok',
      detail: { place, orgId: principal.orgId, userId },
    });
    await keys.forgetLogins(nowMs - keptMs);
    return { ...made, ttlMs };
  }

  /** A code that a command line has a minute to fetch a key with. */
  codeFor(
    person: LoggedIn,
    { challenge, redirectUri }: LoginWish & { kind: 'command-line' },
  ): string {
    const said = { person, challenge, redirectUri };
    return this.#own.issue('code', said as unknown as JwtClaims, codeMs);
  }

  /** Throws `unauthenticated` for a code that is not ours, was used, or does not fit the rest. */
  personOf(
    code: string,
    { redirectUri, verifier }: { redirectUri: string; verifier: string },
  ): LoggedIn {
    const verdict = this.#own.verify('code', code);
    if (!verdict.ok) throw refused('the code is not one of this gateway, or has ended');
    const said = verdict.claims as unknown as {
      person: LoggedIn;
      challenge: string;
      redirectUri: string;
    } & LoginTicket;
    const challenge = new Bun.CryptoHasher('sha256').update(verifier).digest('base64url');
    if (challenge !== said.challenge) throw refused('code_verifier does not fit the code');
    if (redirectUri !== said.redirectUri) throw refused('redirect_uri is not that of the code');
    this.#takeOnce(said, 'the code has been used');
    return said.person;
  }

  #takeOnce({ exp, jti }: Pick<LoginTicket, 'exp' | 'jti'>, message: string): void {
    const { now, used } = this.#options;
    if (used.take(jti, exp * 1_000 + clockLeewayMs, now())) return;
    throw refused(message);
  }
}

function refused(message: string): RpcError {
  return apiError('unauthenticated', `${message}: log in again`, { reason: 'login_refused' });
}
