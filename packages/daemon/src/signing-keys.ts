import { join } from 'node:path';
import {
  type AuthConfig,
  type ResolvedConfig,
  Secret,
  type SecretStore,
  withFileLock,
} from '@zeke/foundation';

export interface SigningKeysOptions {
  /** Opened only where a key has to be found or made. */
  readonly secretStore: () => Promise<Pick<SecretStore, 'get' | 'set'>>;
}

/** What the key is called that signs where the configuration names none. */
const secretName = 'auth/signing-key';
const keyBytes = 32;
const lockName = 'signing-key.lock';

/**
 * `[auth]` with what zeke signs its own tokens and logins with, where it issues any: the keys of the
 * configuration, else one that is made at the first use and kept among the user's secrets, so that
 * tokens outlive a restart, and processes that start together have the same one. Replicas that have not
 * the same `$ZEKE_HOME` take keys of the configuration.
 */
export async function withSigningKeys(
  { auth, home }: Pick<ResolvedConfig, 'auth' | 'home'>,
  { secretStore }: SigningKeysOptions,
): Promise<AuthConfig> {
  const issuesTokens = auth.oauth !== undefined || auth.oidc !== undefined;
  if (!issuesTokens || auth.signingKeys !== undefined) return auth;
  const store = await secretStore();
  const key =
    (await store.get(secretName)) ??
    (await withFileLock(join(home, lockName), async () => {
      return (await store.get(secretName)) ?? (await makeKey(store));
    }));
  return { ...auth, signingKeys: new Map([['kept', key]]) };
}

async function makeKey(store: Pick<SecretStore, 'set'>): Promise<Secret> {
  const bytes = crypto.getRandomValues(new Uint8Array(keyBytes));
  const key = new Secret(Buffer.from(bytes).toString('base64url'));
  await store.set(secretName, key);
  return key;
}
