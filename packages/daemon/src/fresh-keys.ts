import type { ProviderConfig } from '@zeke/foundation';
import { type Provider, withFreshKey } from '@zeke/gateway';
import { revealed } from './revealed.ts';

/** For refusals of one provider the configuration is read again at most this often, in milliseconds. */
const intervalMs = 10_000;
/** A request waits no longer for a reading, which may wait for a Vault, in milliseconds. */
const longestWaitMs = 5_000;

export interface FreshKeysOptions {
  /** Reads the configuration and puts it in force; it does not reject. */
  readonly reload: () => Promise<void>;
  /** Milliseconds on a clock that no setting of the time moves; `performance.now` unless given. */
  readonly monotonicMs?: () => number;
  /** How long a request waits for a reading; 5,000 unless given. */
  readonly waitLimitMs?: number;
}

interface InForce {
  readonly config: ProviderConfig;
  readonly provider: Provider;
}

/**
 * Keys of providers that may have been replaced behind their references: where a provider refuses
 * the one in force, the configuration is read again, and the request goes out with what is found.
 * However many are refused, one reading is under way.
 */
export class FreshKeys {
  readonly #reload: () => Promise<void>;
  readonly #monotonicMs: () => number;
  readonly #waitLimitMs: number;
  readonly #inForce = new Map<string, InForce>();
  readonly #readAtMs = new Map<string, number>();
  #reading: Promise<void> | undefined;

  constructor({ reload, monotonicMs, waitLimitMs }: FreshKeysOptions) {
    this.#reload = reload;
    this.#monotonicMs = monotonicMs ?? (() => performance.now());
    this.#waitLimitMs = waitLimitMs ?? longestWaitMs;
  }

  /**
   * Notes that a provider was made of this configuration. What comes back finds fresh keys where it
   * has some behind references that can be read again; else it is the provider itself.
   */
  follow(config: ProviderConfig, provider: Provider): Provider {
    const made = { config, provider };
    this.#inForce.set(config.name, made);
    if (config.renewable !== true) return provider;
    const { accounts } = provider;
    if (accounts === undefined) return withFreshKey(provider, () => this.#after(made));
    const followed = accounts.map((account) => ({
      ...account,
      provider: withFreshKey(account.provider, async () => {
        const next = await this.#after(made);
        const same = next?.accounts?.find(({ label }) => label === account.label);
        return same?.fingerprint === account.fingerprint ? undefined : same?.provider;
      }),
    }));
    return { ...provider, accounts: followed };
  }

  /** The provider that has taken the place of one whose key is refused, if there is one by now. */
  async #after(refused: InForce): Promise<Provider | undefined> {
    const { name } = refused.config;
    // What is read now may be from before the key was replaced.
    if (this.#reading !== undefined) await this.#within(this.#reading);
    const found = this.#successor(refused);
    if (found !== undefined) return found;
    if (this.#reading === undefined) {
      if (!this.#isDue(name)) return undefined;
      this.#readAtMs.set(name, this.#monotonicMs());
      this.#reading = this.#reload().finally(() => {
        this.#reading = undefined;
      });
    }
    await this.#within(this.#reading);
    return this.#successor(refused);
  }

  #successor({ config }: InForce): Provider | undefined {
    const current = this.#inForce.get(config.name);
    if (current === undefined || revealed(current.config) === revealed(config)) return undefined;
    return current.provider;
  }

  /** Resolves when the reading is in force, or at the limit; it goes on all the same. */
  async #within(reading: Promise<void>): Promise<void> {
    const limit = Promise.withResolvers<void>();
    const timer = setTimeout(limit.resolve, this.#waitLimitMs);
    await Promise.race([reading, limit.promise]);
    clearTimeout(timer);
  }

  #isDue(name: string): boolean {
    const readAtMs = this.#readAtMs.get(name) ?? Number.NEGATIVE_INFINITY;
    return this.#monotonicMs() - readAtMs >= intervalMs;
  }
}
