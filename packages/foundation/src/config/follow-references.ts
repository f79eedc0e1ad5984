import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type KeychainEntries, openKeychain } from '../secrets/keychain.ts';
import {
  followReference,
  isReference,
  type ReferenceDependencies,
  schemeOf,
  userPath,
} from '../secrets/references.ts';
import type { SecretStore } from '../secrets/secret-store.ts';
import type { VaultReader, VaultSource } from '../secrets/vault/vault-connections.ts';
import type { ConfigFault } from './config-fault.ts';
import { openVault } from './open-vault.ts';
import { type RawConfig, type RawEntry, TextValue } from './raw-config.ts';
import type { Environment } from './read-environment.ts';

export interface FollowOptions {
  readonly environment: Environment;
  /** What relative paths in the environment start from. */
  readonly cwd: string;
  /** What relative paths in the file start from. */
  readonly folder: string;
  /** `$ZEKE_HOME`, absolute. */
  readonly home: string;
  /** In place of the secrets of `$ZEKE_HOME`. */
  readonly secretStore?: () => Promise<Pick<SecretStore, 'get'>>;
  /** Keeps what is known of Vault from one reading to the next; else each logs in and out. */
  readonly vault?: VaultSource;
}

/** Where values came from, to see whether they have changed since. */
export interface ConfigSources {
  /** Files, by path, with what told their state before they were read. */
  readonly files: ReadonlyMap<string, string>;
  /** How long values are good that only asking can tell of, in milliseconds; absent without such. */
  readonly freshMs?: number;
}

export interface FollowedConfig {
  readonly raw: RawConfig;
  readonly faults: readonly ConfigFault[];
  readonly warnings: readonly ConfigFault[];
  readonly sources: ConfigSources;
  /** Providers with values behind references that can be read again. */
  readonly renewable: ReadonlySet<string>;
}

/** The keychain tells nobody of changes. */
const keychainFreshMs = 60_000;

/**
 * Puts values in the places of references; those of the section `vault` first, by which others are
 * found. Lists are left alone: they hold names only.
 */
export async function followReferences(
  raw: RawConfig,
  options: FollowOptions,
): Promise<FollowedConfig> {
  await using opened = new AsyncDisposableStack();
  const entries = new Map(raw.entries);
  const faults: ConfigFault[] = [];
  const warnings: ConfigFault[] = [];
  const files = new Map<string, string>();
  const renewable = new Set<string>();
  const vault = vaultOf(() => ({ ...raw, entries }), options, opened);
  const dependencies = dependenciesOf(options, vault);
  let asksKeychain = false;
  for (const [path, entry] of vaultFirst(raw)) {
    const text = referenceIn(entry);
    if (text === undefined) continue;
    const { origin } = entry;
    // A path in the environment starts from where the program was started.
    const folder = origin.kind === 'file' ? options.folder : options.cwd;
    for (const file of filesOf(text, folder, options.home)) {
      if (!files.has(file)) files.set(file, await fileState(file));
    }
    const [section = '', provider = ''] = entry.path;
    if (section === 'providers' && schemeOf(text) !== 'env') renewable.add(provider);
    if (schemeOf(text) === 'keychain') asksKeychain = true;
    const result =
      section === 'vault' && schemeOf(text) === 'vault'
        ? itself
        : await followReference(text, { ...dependencies, folder });
    if (!result.ok) {
      faults.push({ origin, path, message: result.reason });
      continue;
    }
    entries.set(path, { ...entry, value: new TextValue(result.value) });
    if (result.warning !== undefined) warnings.push({ origin, path, message: result.warning });
  }
  const freshMs = Math.min(asksKeychain ? keychainFreshMs : Infinity, await vault.freshMs());
  const sources = { files, ...(freshMs === Infinity ? {} : { freshMs }) };
  return { raw: { ...raw, entries }, faults, warnings, sources, renewable };
}

const itself = {
  ok: false,
  reason: 'Vault cannot be asked for what says how to reach it',
} as const;

/** What tells one state of a file from another, also of one that is not there. */
export async function fileState(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}

/** The reference that an entry is, if it is one. */
function referenceIn({ value }: RawEntry): string | undefined {
  const text = value instanceof TextValue ? value.text : value;
  return typeof text === 'string' && isReference(text) ? text : undefined;
}

function vaultFirst({ entries }: RawConfig): [string, RawEntry][] {
  const isOfVault = ([, { path }]: [string, RawEntry]) => path[0] === 'vault';
  const all = [...entries];
  return [...all.filter(isOfVault), ...all.filter((each) => !isOfVault(each))];
}

interface VaultLookUp {
  readonly read: ReferenceDependencies['vault'];
  /** Infinity where nothing was asked for. */
  freshMs(): Promise<number>;
}

/** Opened when it is asked first, with what `raw` says of it by then. */
function vaultOf(
  raw: () => RawConfig,
  options: FollowOptions,
  opened: AsyncDisposableStack,
): VaultLookUp {
  let reader: Promise<VaultReader | string> | undefined;
  const source = async () => {
    if (options.vault !== undefined) return options.vault;
    const { VaultConnections } = await import('../secrets/vault/vault-connections.ts');
    return opened.use(new VaultConnections());
  };
  return {
    async read(path, key) {
      reader ??= openVault(raw(), options.folder, source);
      const found = await reader;
      return typeof found === 'string' ? { ok: false, reason: found } : found.read(path, key);
    },
    async freshMs() {
      const found = await reader;
      return typeof found === 'object' ? found.freshMs() : Infinity;
    },
  };
}

/** Each is opened at most once. */
function dependenciesOf(
  options: FollowOptions,
  vault: VaultLookUp,
): Omit<ReferenceDependencies, 'folder'> {
  const { environment } = options;
  let store: Promise<Pick<SecretStore, 'get'>> | undefined;
  let keychain: Promise<KeychainEntries | undefined> | undefined;
  return {
    environment,
    secretStore: () => {
      store ??= options.secretStore?.() ?? openStore(options);
      return store;
    },
    keychain: async () => {
      // On servers, where the master key is in the environment, no keychain is waited for.
      if (environment.ZEKE_SECRETS_KEY) return undefined;
      keychain ??= openKeychain(Bun.secrets);
      return keychain;
    },
    vault: vault.read,
  };
}

async function openStore({ environment, home }: FollowOptions): Promise<SecretStore> {
  const { createSecretStore } = await import('../secrets/create-secret-store.ts');
  return createSecretStore({ home, environment });
}

/** The files on which the value of a reference depends. */
function filesOf(reference: string, folder: string, home: string): readonly string[] {
  switch (schemeOf(reference)) {
    case 'file':
      return [userPath(reference.slice('file:'.length), folder)];
    case 'secret':
    case 'keychain':
      return [join(home, 'secrets.json')];
    default:
      return [];
  }
}
