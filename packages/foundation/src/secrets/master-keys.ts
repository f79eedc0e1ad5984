import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RpcError } from '@zeke/rpc';
import { createFileOnce, writeFileAtomically } from '../files/write-file-atomically.ts';
import { type Keychain, type KeychainEntries, openKeychain } from './keychain.ts';
import {
  type MasterKey,
  type MasterKeyPlace,
  newMasterKey,
  readMasterKeys,
  writeMasterKeys,
} from './master-key.ts';

export interface MasterKeysOptions {
  /** `$ZEKE_HOME`, absolute. */
  readonly home: string;
  /** `ZEKE_SECRETS_KEY`: keys, or `file:PATH` of a file with them. */
  readonly fromEnvironment?: string | undefined;
  readonly keychain: Keychain;
}

/** What a store was sealed with, as it says itself. */
export interface SealedWith {
  readonly id: string;
  readonly place: MasterKeyPlace;
}

const variable = 'ZEKE_SECRETS_KEY';

/**
 * The master keys of one store: in the environment, where `ZEKE_SECRETS_KEY` is set; else in the
 * keychain, an entry for each key, or in `$ZEKE_HOME/secrets.key`, one a line. A new key is put
 * beside the old one before anything is sealed with it, and the old one goes last, so that a crash
 * at any point leaves a key that opens.
 */
export class MasterKeys {
  readonly #options: MasterKeysOptions;
  #keychain: Promise<KeychainEntries | undefined> | undefined;

  constructor(options: MasterKeysOptions) {
    this.#options = options;
  }

  /**
   * The key that a store was sealed with. Throws `failed_precondition` that says where it is missed
   * and what to do.
   */
  async find(sealed: SealedWith): Promise<MasterKey> {
    const { fromEnvironment } = this.#options;
    const given = fromEnvironment ? await this.#inEnvironment(fromEnvironment) : [];
    const isIt = ({ id }: MasterKey) => id === sealed.id;
    const found = given.find(isIt) ?? (await this.#keptAt(sealed)).find(isIt);
    if (found !== undefined) return found;
    throw new RpcError('failed_precondition', await this.#missing(sealed));
  }

  /** Every key at hand that may have sealed a file of the first format. */
  async old(): Promise<readonly MasterKey[]> {
    const { fromEnvironment } = this.#options;
    if (fromEnvironment) return this.#inEnvironment(fromEnvironment);
    return (await this.#inFile()) ?? [];
  }

  /** The key for a new store: one that is there, else a new one, in the keychain where one answers. */
  async forNewStore(): Promise<MasterKey> {
    const { fromEnvironment } = this.#options;
    const [given] = fromEnvironment
      ? await this.#inEnvironment(fromEnvironment)
      : ((await this.#inFile()) ?? []);
    return given ?? (await this.#create());
  }

  /**
   * The key to seal a store with from now on: a new one for where `current` is, or the one of the
   * environment where that is set. Throws `failed_precondition` where that has no other.
   */
  async next(current: MasterKey): Promise<MasterKey> {
    const { fromEnvironment } = this.#options;
    if (fromEnvironment) {
      const [given] = await this.#inEnvironment(fromEnvironment);
      if (given !== undefined && given.id !== current.id) return given;
      throw new RpcError(
        'failed_precondition',
        `${variable} has no other key than the one in use: put a new one before it, parted by a comma, and run this again`,
      );
    }
    return newMasterKey(current.place);
  }

  /** Keeps the next key beside the current one, for as long as either may be needed. */
  async keep(next: MasterKey, current: MasterKey): Promise<void> {
    if (next.place === 'keychain') await this.#keepInKeychain(next);
    if (next.place === 'file') {
      await writeFileAtomically(this.#file, writeMasterKeys([next, current]), 0o600);
    }
  }

  /** Removes a key that nothing is sealed with any more; what is in the environment is the user's. */
  async retire(old: MasterKey, inUse: MasterKey): Promise<void> {
    if (old.place === 'keychain') await (await this.#entries())?.delete(entryName(old));
    if (old.place !== 'file') return;
    if (inUse.place === 'file') {
      await writeFileAtomically(this.#file, writeMasterKeys([inUse]), 0o600);
    } else await rm(this.#file, { force: true });
  }

  async #create(): Promise<MasterKey> {
    if ((await this.#entries()) !== undefined) {
      const created = newMasterKey('keychain');
      await this.#keepInKeychain(created);
      return created;
    }
    const text = await createFileOnce(this.#file, writeMasterKeys([newMasterKey('file')]), 0o600);
    return readMasterKeys(text, 'file', this.#file)[0];
  }

  async #keepInKeychain(key: MasterKey): Promise<void> {
    const entries = await this.#entries();
    if (entries === undefined) throw silentKeychain();
    await entries.set(entryName(key), writeMasterKeys([key]).trim());
  }

  async #keptAt({ id, place }: SealedWith): Promise<readonly MasterKey[]> {
    // A key that was in the environment may have been written into the file since.
    if (place !== 'keychain') return (await this.#inFile()) ?? [];
    const entries = await this.#entries();
    if (entries === undefined) throw silentKeychain();
    const text = await entries.get(entryName({ id }));
    return text === undefined ? [] : readMasterKeys(text, 'keychain', entryName({ id }));
  }

  async #inEnvironment(text: string): Promise<readonly MasterKey[]> {
    if (!text.startsWith('file:')) return readMasterKeys(text, 'environment', variable);
    const path = text.slice('file:'.length);
    const keys = await readKeyFile(path, 'environment');
    if (keys !== undefined) return keys;
    throw new RpcError('failed_precondition', `${path}, which ${variable} names, is not there`);
  }

  #inFile(): Promise<readonly MasterKey[] | undefined> {
    return readKeyFile(this.#file, 'file');
  }

  get #file(): string {
    return join(this.#options.home, 'secrets.key');
  }

  #entries(): Promise<KeychainEntries | undefined> {
    this.#keychain ??= openKeychain(this.#options.keychain);
    return this.#keychain;
  }

  async #missing({ id, place }: SealedWith): Promise<string> {
    const { fromEnvironment, home } = this.#options;
    const store = join(home, 'secrets.json');
    const wanted = `${store} was sealed with the master key ${id}`;
    if (fromEnvironment) {
      const [given] = await this.#inEnvironment(fromEnvironment);
      return `${wanted}, and ${variable} has another (${given?.id}): set the right one, or put the new one first and the old one after it, parted by a comma, and run zeke secrets rotate`;
    }
    switch (place) {
      case 'environment':
        return `${wanted}, which came from ${variable}: set it, or write the key into ${this.#file}`;
      case 'file':
        return `${wanted}, which is not in ${this.#file}: restore that file, or set ${variable}`;
      case 'keychain':
        return `${wanted}, which is not in this user's keychain: restore it there, or set ${variable}`;
    }
  }
}

/** An entry for each key: several stores of one user do not get in each other's way. */
function entryName({ id }: { readonly id: string }): string {
  return `master-key/${id}`;
}

function silentKeychain(): RpcError {
  return new RpcError(
    'failed_precondition',
    `the keychain, which has the master key, does not answer: unlock it, or set ${variable}`,
  );
}

/** Undefined where there is no such file. Throws `failed_precondition` where others may read it. */
async function readKeyFile(
  path: string,
  place: MasterKeyPlace,
): Promise<readonly MasterKey[] | undefined> {
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0 && process.platform !== 'win32') {
      throw new RpcError(
        'failed_precondition',
        `${path} holds a master key, and others than its owner may read or write it: run chmod 600 on it`,
      );
    }
    return readMasterKeys(await readFile(path, 'utf8'), place, path);
  } catch (cause) {
    if (cause instanceof RpcError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new RpcError('failed_precondition', `${path}: cannot be read (${code})`, { cause });
  }
}
