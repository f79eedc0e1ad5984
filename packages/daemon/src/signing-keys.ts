import { type AuthConfig, type ResolvedConfig, Secret, type SecretStore } from '@zeke/foundation';

export interface SigningKeysOptions {
  /** Opened only where a key has to be found or made. */
  readonly secretStore: () => Promise<Pick<SecretStore, 'get' | 'set'>>;
}

/** What the key is called that signs where the configuration names none. */
const secretName = 'auth/signing-key';
const keyBytes = 32;

/**
 * `[auth]` with what zeke signs its own tokens and logins with, where it issues any: the keys of the
 * configuration, else one that is made at the first use and kept among the user's secrets, so that
 * tokens outlive a restart. Replicas that have not the same `$ZEKE_HOME` take keys of the configuration.
 */
export async function withSigningKeys(
  { auth }: Pick<ResolvedConfig, 'auth'>,
  { secretStore }: SigningKeysOptions,
): Promise<AuthConfig> {
  const issuesTokens = auth.oauth !== undefined || auth.oidc !== undefined;
  if (!issuesTokens || auth.signingKeys !== undefined) return auth;
  const store = await secretStore();
  let key = await store.get(secretName);
  if (key === undefined) {
    const bytes = crypto.getRandomValues(new Uint8Array(keyBytes));
    await store.set(secretName, new Secret(Buffer.from(bytes).toString('base64url')));
    // Another process may have made one at the same time: the later one counts for both.
    key = await store.get(secretName);
  }
  return key === undefined ? auth : { ...auth, signingKeys: new Map([['kept', key]]) };
}
