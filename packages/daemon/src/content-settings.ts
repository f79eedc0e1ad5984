import { type ResolvedConfig, Secret, type SecretStore } from '@zeke/foundation';
import type { GatewaySettings } from '@zeke/gateway';
import { RpcError } from '@zeke/rpc';

export interface ContentSettingsOptions {
  /** Opened only where a key has to be found or made. */
  readonly secretStore: () => Promise<Pick<SecretStore, 'get' | 'set'>>;
}

/** What the key is called that content is sealed with where the configuration names none. */
const secretName = 'content/key';
const keyBytes = 32;

/**
 * `[content]` with the key that it is sealed with: that of the configuration, else one that is made at
 * the first use and kept among the user's secrets. Undefined where nothing is kept. Throws
 * `failed_precondition` for a key that is none.
 */
export async function contentSettings(
  { content }: Pick<ResolvedConfig, 'content'>,
  { secretStore }: ContentSettingsOptions,
): Promise<GatewaySettings['content']> {
  const { encryptionKey, keep, keepMs, keys, maxBytes, orgs, projects } = content;
  if (keep === 'nothing') return undefined;
  return {
    keep,
    keys: new Set(keys),
    orgs: new Set(orgs),
    projects: new Set(projects),
    keepMs,
    maxBytes,
    key: keyOf(encryptionKey ?? (await ownKey(await secretStore()))),
  };
}

async function ownKey(store: Pick<SecretStore, 'get' | 'set'>): Promise<Secret> {
  const known = await store.get(secretName);
  if (known) return known;
  const bytes = crypto.getRandomValues(new Uint8Array(keyBytes));
  const made = new Secret(Buffer.from(bytes).toString('base64'));
  await store.set(secretName, made);
  return made;
}

function keyOf(secret: Secret): Uint8Array {
  const text = secret.reveal().trim();
  const bytes = /^[\da-f]{64}$/i.test(text)
    ? Buffer.from(text, 'hex')
    : Buffer.from(text, 'base64');
  if (bytes.length === keyBytes) return bytes;
  throw new RpcError(
    'failed_precondition',
    `content.encryption_key: it must be ${keyBytes} bytes in base64 or hex; openssl rand -base64 ${keyBytes} makes one`,
  );
}
