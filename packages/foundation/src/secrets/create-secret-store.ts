import type { Keychain } from './keychain.ts';
import { checkedSecretName } from './secret-name.ts';
import type { SecretStore } from './secret-store.ts';

export interface SecretStoreOptions {
  /** `$ZEKE_HOME`, absolute. */
  readonly home: string;
  /** `ZEKE_SECRETS_KEY`: the master key in base64 or hex, or `file:PATH` of a file with it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Default: `Bun.secrets`. */
  readonly keychain?: Keychain;
  /** Milliseconds since the epoch; default `Date.now`. */
  readonly now?: () => number;
}

/**
 * Opens the user's secrets: sealed in `$ZEKE_HOME/secrets.json`, under a master key from
 * `ZEKE_SECRETS_KEY`, else from the keychain where one answers, else from
 * `$ZEKE_HOME/secrets.key`. Nothing is read before it is asked for.
 */
export async function createSecretStore(options: SecretStoreOptions): Promise<SecretStore> {
  const { home, environment, keychain = Bun.secrets, now = Date.now } = options;
  // Loaded only here, because they bring zod.
  const [{ createEncryptedStore }, { MasterKeys }] = await Promise.all([
    import('./encrypted-store.ts'),
    import('./master-keys.ts'),
  ]);
  const fromEnvironment = environment.ZEKE_SECRETS_KEY;
  const masterKeys = new MasterKeys({ home, fromEnvironment, keychain });
  const store = createEncryptedStore({ home, masterKeys, now });
  return {
    get: async (name) => store.get(checkedSecretName(name)),
    set: async (name, value) => store.set(checkedSecretName(name), value),
    delete: async (name) => store.delete(checkedSecretName(name)),
    list: () => store.list(),
    rotate: () => store.rotate(),
  };
}
