import { RpcError } from '@zeke/rpc';
import type { VaultLogin } from '../../config/vault-config.ts';
import { Secret } from '../secret.ts';
import { objectOf, type VaultAnswer, type VaultRequest } from './vault-request.ts';

/** It is not used for its last moments: it has to last until Vault has read it. */
const leastLifeMs = 2_000;

/** A token is renewed after two thirds of its life. */
const renewAfter = 2 / 3;

export interface VaultTokenOptions {
  readonly login: VaultLogin;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** A good answer, or its error; `what` says in errors what was asked for. */
  readonly ask: (request: VaultRequest, what: string) => Promise<VaultAnswer>;
}

interface Held {
  readonly token: Secret;
  /** Of the first lease: what a renewal should give again. */
  readonly wholeLifeMs: number;
  readonly renewable: boolean;
  readonly renewAtMs: number;
  readonly unusableAtMs: number;
}

/**
 * The token that Vault is asked with: the configured one, or one of a login by AppRole. It is renewed
 * in time; where renewals come to their end, or it was revoked, another login follows.
 */
export class VaultToken {
  readonly #options: VaultTokenOptions;
  #held: Held | undefined;
  #running: Promise<Held> | undefined;

  constructor(options: VaultTokenOptions) {
    this.#options = options;
  }

  /** When it wants to be asked for again, in milliseconds since the epoch. */
  get dueAtMs(): number {
    return this.#held?.renewAtMs ?? Number.POSITIVE_INFINITY;
  }

  /** A token that is good now. Throws what Vault says to a login or to the configured token. */
  async get(): Promise<string> {
    this.#running ??= this.#current().finally(() => {
      this.#running = undefined;
    });
    return (await this.#running).token.reveal();
  }

  /** Forgets a token that Vault does not know any more. */
  forget(token: string): void {
    if (this.#held?.token.reveal() === token) this.#held = undefined;
  }

  /** Gives a token of a login back; one that was configured stays. */
  async revoke(): Promise<void> {
    const held = this.#held;
    if (held === undefined || this.#options.login.kind === 'token') return;
    this.#held = undefined;
    const token = held.token.reveal();
    const request = { method: 'POST', path: 'auth/token/revoke-self', token } as const;
    await this.#options.ask(request, 'the end of a token').catch(() => {});
  }

  async #current(): Promise<Held> {
    const now = this.#options.now();
    const held = this.#held;
    if (held === undefined || now >= held.unusableAtMs) this.#held = await this.#begin();
    else if (now >= held.renewAtMs) this.#held = await this.#prolonged(held);
    return this.#held ?? this.#begin();
  }

  async #begin(): Promise<Held> {
    const { login } = this.#options;
    return login.kind === 'token' ? this.#lookUp(login.token) : this.#logIn(login);
  }

  async #logIn({
    mount,
    roleId,
    secretId,
  }: Extract<VaultLogin, { kind: 'approle' }>): Promise<Held> {
    const body = {
      role_id: roleId.reveal(),
      ...(secretId === undefined ? {} : { secret_id: secretId.reveal() }),
    };
    const path = `auth/${mount}/login`;
    const what = 'the login; see vault.role_id and vault.secret_id';
    const answer = await this.#options.ask({ method: 'POST', path, body }, what);
    const auth = objectOf(answer.body?.auth);
    const token = auth?.client_token;
    if (typeof token !== 'string' || token === '') throw unexpected('a login');
    const lifeMs = Number(auth?.lease_duration) * 1_000;
    return this.#hold(new Secret(token), lifeMs, auth?.renewable === true);
  }

  /** What a configured token's life is, Vault says. */
  async #lookUp(token: Secret): Promise<Held> {
    const request = {
      method: 'GET',
      path: 'auth/token/lookup-self',
      token: token.reveal(),
    } as const;
    const answer = await this.#options.ask(request, 'vault.token');
    const data = objectOf(answer.body?.data);
    if (data === undefined) throw unexpected('a token');
    return this.#hold(token, Number(data.ttl) * 1_000, data.renewable === true);
  }

  async #prolonged(held: Held): Promise<Held> {
    const isConfigured = this.#options.login.kind === 'token';
    if (!held.renewable) return isConfigured ? held : this.#loginOr(held);
    const token = held.token.reveal();
    const request = { method: 'POST', path: 'auth/token/renew-self', token, body: {} } as const;
    try {
      const answer = await this.#options.ask(request, 'a longer life of the token');
      const lifeMs = Number(objectOf(answer.body?.auth)?.lease_duration) * 1_000;
      // A lease that shrinks has come near the longest life that the token may have.
      const renewable = lifeMs >= held.wholeLifeMs / 2;
      return this.#hold(held.token, lifeMs, renewable, held.wholeLifeMs);
    } catch (error) {
      if (RpcError.from(error).retryable || isConfigured) return held;
      return this.#begin();
    }
  }

  /** While the old token lasts, a Vault that does not answer does no harm. */
  async #loginOr(held: Held): Promise<Held> {
    try {
      return await this.#begin();
    } catch (error) {
      if (RpcError.from(error).retryable) return held;
      throw error;
    }
  }

  #hold(token: Secret, lifeMs: number, renewable: boolean, wholeLifeMs = lifeMs): Held {
    if (!Number.isFinite(lifeMs)) throw unexpected('a token');
    const now = this.#options.now();
    // 0 is how Vault says that a token has no end.
    const endMs = lifeMs === 0 ? Number.POSITIVE_INFINITY : now + lifeMs;
    return {
      token,
      wholeLifeMs,
      renewable,
      renewAtMs: lifeMs === 0 ? endMs : now + lifeMs * renewAfter,
      unusableAtMs: endMs - Math.min(leastLifeMs, lifeMs / 10),
    };
  }
}

function unexpected(what: string): RpcError {
  return new RpcError('unavailable', `Vault answers ${what} in a way that is not understood`, {
    retryable: true,
  });
}
