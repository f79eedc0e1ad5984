import { RpcError } from '@zeke/rpc';
import type { VaultConfig } from '../../config/vault-config.ts';
import { Secret } from '../secret.ts';
import { vaultFault } from './vault-fault.ts';
import { askVault, objectOf, type VaultAnswer, type VaultRequest } from './vault-request.ts';
import { VaultToken } from './vault-token.ts';

/** How often a request goes out where Vault itself is at fault. */
const maxAttempts = 3;
const firstWaitMs = 200;
/** The longest wait between two attempts, whatever `retry-after` says. */
const longestWaitMs = 2_000;

export interface VaultClientOptions {
  readonly config: VaultConfig;
  /** PEM of `config.caFile`. */
  readonly ca?: string | undefined;
  readonly fetch: typeof fetch;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly wait: (ms: number) => Promise<void>;
}

/** The keys of a secret; the value is undefined where it is no text, number or boolean. */
export type VaultValues = ReadonlyMap<string, Secret | undefined>;

/** Reads secrets of one KV version 2 engine. Disposing of it gives its token back. */
export class VaultClient implements AsyncDisposable {
  readonly #options: VaultClientOptions;
  readonly #token: VaultToken;

  constructor(options: VaultClientOptions) {
    this.#options = options;
    const { config, now } = options;
    this.#token = new VaultToken({
      login: config.login,
      now,
      ask: (request, what) => this.#ask(request, what),
    });
  }

  /** When the token wants to be used again, in milliseconds since the epoch. */
  get dueAtMs(): number {
    return this.#token.dueAtMs;
  }

  /**
   * The latest version of a secret. Throws RpcError: retryable where Vault cannot be reached, is
   * sealed or fails, else because it refuses or has nothing there.
   */
  async read(path: string): Promise<VaultValues> {
    const { mount } = this.#options.config;
    const encoded = path.split('/').map(encodeURIComponent).join('/');
    const request = { method: 'GET', path: `${mount}/data/${encoded}` } as const;
    const answer = await this.#askWithToken(request, `${path} in ${mount}`);
    const data = objectOf(objectOf(answer.body?.data)?.data);
    if (data !== undefined) return valuesOf(data);
    throw new RpcError(
      'not_found',
      `Vault answers for ${path}, and not as a KV engine of version 2; check vault.mount`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#token.revoke();
  }

  /** A token that was revoked is known by a second refusal; then there is one more try. */
  async #askWithToken(request: VaultRequest, what: string): Promise<VaultAnswer> {
    const token = await this.#token.get();
    try {
      return await this.#ask({ ...request, token }, what);
    } catch (error) {
      if (RpcError.from(error).code !== 'permission_denied') throw error;
      if (await this.#isKnown(token)) throw error;
      this.#token.forget(token);
      return await this.#ask({ ...request, token: await this.#token.get() }, what);
    }
  }

  async #isKnown(token: string): Promise<boolean> {
    const request = { method: 'GET', path: 'auth/token/lookup-self', token } as const;
    try {
      await this.#ask(request, 'its token');
      return true;
    } catch (error) {
      return RpcError.from(error).code !== 'permission_denied';
    }
  }

  /** A good answer, also at the second or third attempt. */
  async #ask(request: VaultRequest, what: string): Promise<VaultAnswer> {
    for (let attempt = 1; ; attempt += 1) {
      const { answer, error } = await this.#askOnce(request, what);
      if (error === undefined) return answer;
      if (!error.retryable || attempt === maxAttempts) throw error;
      const ownMs = firstWaitMs * 2 ** (attempt - 1);
      const wantedMs = (answer?.retryAfterS ?? 0) * 1_000;
      await this.#options.wait(Math.min(longestWaitMs, Math.max(ownMs, wantedMs)));
    }
  }

  async #askOnce(request: VaultRequest, what: string): Promise<Outcome> {
    const { ca, config, fetch } = this.#options;
    const { address, namespace, timeoutMs } = config;
    try {
      const answer = await askVault({ fetch, address, namespace, ca, timeoutMs }, request);
      const isGood = answer.status === 204 || (answer.status === 200 && answer.body !== undefined);
      if (isGood) return { answer };
      const hidden = [request.token ?? '', ...this.#credentials()];
      return { answer, error: vaultFault({ address, what, answer, hidden }) };
    } catch (error) {
      return { error: RpcError.from(error) };
    }
  }

  #credentials(): string[] {
    const { login } = this.#options.config;
    if (login.kind === 'token') return [login.token.reveal()];
    return [login.roleId.reveal(), login.secretId?.reveal() ?? ''];
  }
}

type Outcome =
  | { readonly answer: VaultAnswer; readonly error?: undefined }
  | { readonly answer?: VaultAnswer; readonly error: RpcError };

function valuesOf(data: Readonly<Record<string, unknown>>): VaultValues {
  return new Map(
    Object.entries(data).map(([key, value]) => {
      const isText = ['string', 'number', 'boolean'].includes(typeof value);
      return [key, isText ? new Secret(String(value)) : undefined];
    }),
  );
}
