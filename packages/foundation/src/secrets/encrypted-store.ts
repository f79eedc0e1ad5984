import { join } from 'node:path';
import { RpcError } from '@zeke/rpc';
import { withFileLock } from '../files/file-lock.ts';
import type { MasterKey } from './master-key.ts';
import type { MasterKeys } from './master-keys.ts';
import {
  openOldSecret,
  openSecret,
  rewrapSecret,
  type SecretFacts,
  sealSecret,
} from './sealed-secret.ts';
import type { Secret } from './secret.ts';
import type { SecretStore } from './secret-store.ts';
import {
  type CurrentSecretsFile,
  maxSecrets,
  type OldSecretsFile,
  readSecretsFile,
  writeSecretsFile,
} from './secrets-file.ts';

export interface EncryptedStoreOptions {
  /** `$ZEKE_HOME`, absolute. */
  readonly home: string;
  readonly masterKeys: MasterKeys;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** The largest value, in bytes. */
const maxValueBytes = 65_536;

/**
 * Secrets in `secrets.json`: envelope encryption with AES-256-GCM, a key for each version of each
 * secret, wrapped by the master key. Readers take no lock, because the file is replaced in one
 * step; writers wait for each other. A file of the first format is read as it is, and written anew
 * with the next value.
 */
export function createEncryptedStore(options: EncryptedStoreOptions): SecretStore {
  const { home, masterKeys, now } = options;
  const path = join(home, 'secrets.json');
  const lock = join(home, 'secrets.lock');
  return {
    async get(name) {
      const { file, master } = await readWithKey(path, masterKeys);
      if (file === undefined || !Object.hasOwn(file.secrets, name)) return undefined;
      if (file.version === 1) {
        return opened(await oldValue(file, name, masterKeys), name, path).secret;
      }
      const sealed = file.secrets[name];
      return opened(sealed && master && openSecret(master, name, sealed), name, path);
    },
    set: async (name, value) => {
      checkValue(value);
      return withFileLock(lock, async () => {
        const { file, master } = await openForWriting(path, masterKeys, now);
        const before = file.secrets[name];
        if (before === undefined && Object.keys(file.secrets).length >= maxSecrets) {
          throw new RpcError(
            'resource_exhausted',
            `there are ${maxSecrets} secrets already: delete some`,
          );
        }
        const facts = factsAfter(name, before, now());
        file.secrets[name] = sealSecret(master, facts, value);
        await writeSecretsFile(path, file);
        return facts;
      });
    },
    delete: (name) =>
      withFileLock(lock, async () => {
        const file = await readSecretsFile(path);
        if (file === undefined || !Object.hasOwn(file.secrets, name)) return false;
        delete file.secrets[name];
        await writeSecretsFile(path, file);
        return true;
      }),
    list: async () => factsOf(await readSecretsFile(path)),
    rotate: () =>
      withFileLock(lock, async () => {
        const { file, master } = await openForWriting(path, masterKeys, now);
        if (Object.keys(file.secrets).length === 0) {
          throw new RpcError(
            'failed_precondition',
            'there is no secret yet, and so no master key in use: zeke secrets set <name> begins',
          );
        }
        const next = await masterKeys.next(master);
        for (const [name, sealed] of Object.entries(file.secrets)) {
          file.secrets[name] = opened(rewrapSecret(master, next, name, sealed), name, path);
        }
        file.master = { id: next.id, place: next.place };
        await masterKeys.keep(next, master);
        await writeSecretsFile(path, file);
        await masterKeys.retire(master, next);
        return { id: next.id, place: next.place, secrets: Object.keys(file.secrets).length };
      }),
  };
}

/** The file and the key that opens it; the key is missing where the file needs none to be found. */
async function readWithKey(
  path: string,
  masterKeys: MasterKeys,
): Promise<{
  file: CurrentSecretsFile | OldSecretsFile | undefined;
  master?: MasterKey;
}> {
  const file = await readSecretsFile(path);
  if (file?.version !== 2) return { file };
  try {
    return { file, master: await masterKeys.find(file.master) };
  } catch (error) {
    // The key may have been replaced after the file was read.
    const now = await readSecretsFile(path);
    if (now?.version !== 2 || now.master.id === file.master.id) throw error;
    return { file: now, master: await masterKeys.find(now.master) };
  }
}

interface Writable {
  readonly file: CurrentSecretsFile;
  readonly master: MasterKey;
}

/** The file in the current format, with its key. What was in the first format is sealed anew. */
async function openForWriting(
  path: string,
  masterKeys: MasterKeys,
  now: () => number,
): Promise<Writable> {
  const file = await readSecretsFile(path);
  if (file?.version === 2) {
    const isEmpty = Object.keys(file.secrets).length === 0;
    const found = masterKeys.find(file.master);
    // Where nothing is sealed, nothing is lost with the key.
    const master = isEmpty ? await found.catch(() => undefined) : await found;
    if (master !== undefined) return { file, master };
  }
  const values = file?.version === 1 ? await oldValues(file, path, masterKeys) : undefined;
  const master = values?.master ?? (await masterKeys.forNewStore());
  const atMs = now();
  const sealed = [...(values?.secrets ?? [])].map(([name, value]) => {
    const facts = factsAfter(name, undefined, atMs);
    return [name, sealSecret(master, facts, value)] as const;
  });
  return {
    file: {
      version: 2,
      master: { id: master.id, place: master.place },
      secrets: Object.fromEntries(sealed),
    },
    master,
  };
}

/** All values of a file of the first format, and the key that opened them. */
async function oldValues(
  file: OldSecretsFile,
  path: string,
  masterKeys: MasterKeys,
): Promise<{ master: MasterKey | undefined; secrets: Map<string, Secret> }> {
  const secrets = new Map<string, Secret>();
  let master: MasterKey | undefined;
  for (const name of Object.keys(file.secrets)) {
    const value = opened(await oldValue(file, name, masterKeys), name, path);
    secrets.set(name, value.secret);
    master = value.key;
  }
  return { master, secrets };
}

async function oldValue(file: OldSecretsFile, name: string, masterKeys: MasterKeys) {
  const entry = file.secrets[name];
  if (entry === undefined) return undefined;
  for (const key of await masterKeys.old()) {
    const secret = openOldSecret(key, name, entry);
    if (secret !== undefined) return { key, secret };
  }
  return undefined;
}

function opened<T>(value: T | undefined, name: string, path: string): T {
  if (value !== undefined) return value;
  throw new RpcError(
    'data_loss',
    `${path}: the secret ${name} is damaged, or was sealed with another key; restore a backup, or remove it with zeke secrets delete ${name}`,
  );
}

function checkValue(value: Secret): void {
  const length = Buffer.byteLength(value.reveal());
  if (length > 0 && length <= maxValueBytes) return;
  throw new RpcError(
    'invalid_argument',
    length === 0 ? 'the value is empty' : `the value is over ${maxValueBytes} bytes`,
  );
}

function factsAfter(
  name: string,
  before: { version: number; createdAtMs: number } | undefined,
  nowMs: number,
): SecretFacts {
  return {
    name,
    version: (before?.version ?? 0) + 1,
    createdAtMs: before?.createdAtMs ?? nowMs,
    updatedAtMs: nowMs,
  };
}

function factsOf(file: CurrentSecretsFile | OldSecretsFile | undefined): SecretFacts[] {
  if (file === undefined) return [];
  const names = Object.keys(file.secrets).sort();
  if (file.version === 1) {
    return names.map((name) => ({ name, version: 1, createdAtMs: 0, updatedAtMs: 0 }));
  }
  return names.flatMap((name) => {
    const sealed = file.secrets[name];
    if (sealed === undefined) return [];
    const { version, createdAtMs, updatedAtMs } = sealed;
    return [{ name, version, createdAtMs, updatedAtMs }];
  });
}
