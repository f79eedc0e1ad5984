import { type FSWatcher, mkdirSync, watch } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { RpcError } from '../rpc-error.ts';
import { withFileLock } from './file-lock.ts';
import type { InstanceStore, StoredInstances } from './instance-store.ts';
import { type Instance, parseInstance, type Registry } from './registry.ts';
import { type StoredRegistryOptions, storedRegistry } from './stored-registry.ts';

export interface FileRegistryOptions extends Omit<StoredRegistryOptions, 'store'> {
  /** A JSON file that all processes of the registry share; its folder is made where it is missing. */
  readonly path: string;
  /** Milliseconds since 1970, by which the processes agree on when an instance ends. */
  readonly wallNow?: () => number;
}

const maxFileBytes = 4 * 1024 * 1024;

/**
 * A registry in a file of this machine, readable by its owner alone. Writers take turns by a lock
 * file beside it, readers see the old content or the new one, and all are told of changes.
 */
export function fileRegistry(options: FileRegistryOptions): Registry {
  const { path, wallNow = Date.now, ...rest } = options;
  return storedRegistry({ ...rest, store: new FileStore(resolve(path), wallNow) });
}

interface Entry {
  readonly instance: Instance;
  /** Milliseconds since 1970. */
  readonly endsAt: number;
}

class FileStore implements InstanceStore {
  readonly #path: string;
  readonly #wallNow: () => number;
  readonly #watchers = new Set<() => void>();
  #watcher: FSWatcher | undefined;

  constructor(path: string, wallNow: () => number) {
    this.#path = path;
    this.#wallNow = wallNow;
  }

  put(instance: Instance, ttlMs: number): Promise<void> {
    return this.#change((entries) => {
      entries.set(instance.id, { instance, endsAt: this.#wallNow() + ttlMs });
    });
  }

  remove(instance: Instance): Promise<void> {
    return this.#change((entries) => {
      entries.delete(instance.id);
    });
  }

  async read(): Promise<StoredInstances> {
    const now = this.#wallNow();
    const entries = [...(await this.#load()).values()];
    const nextEnd = Math.min(...entries.map(({ endsAt }) => endsAt));
    return {
      instances: entries.map(({ instance }) => instance),
      nextEndMs: Math.max(nextEnd - now, 1),
    };
  }

  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    this.#watcher ??= this.#begin();
    return () => {
      this.#watchers.delete(changed);
      if (this.#watchers.size > 0) return;
      this.#watcher?.close();
      this.#watcher = undefined;
    };
  }

  async close(): Promise<void> {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  /** The folder is watched, since every change puts another file in the place of the old one. */
  #begin(): FSWatcher | undefined {
    const folder = dirname(this.#path);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const name = basename(this.#path);
    const watcher = watch(folder, (_event, changed) => {
      if (changed !== null && changed !== name) return;
      for (const tell of this.#watchers) tell();
    });
    watcher.on('error', () => {});
    return watcher;
  }

  async #change(edit: (entries: Map<string, Entry>) => void): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    await withFileLock(`${this.#path}.lock`, async () => {
      const entries = await this.#load();
      edit(entries);
      await replaceFile(this.#path, textOf(entries));
    });
  }

  /** Without those that have ended. */
  async #load(): Promise<Map<string, Entry>> {
    const text = await readBounded(this.#path);
    const now = this.#wallNow();
    const entries = new Map<string, Entry>();
    for (const entry of text === undefined ? [] : parseRegistryFile(text)) {
      if (entry.endsAt > now) entries.set(entry.instance.id, entry);
    }
    return entries;
  }
}

/**
 * The entries of a registry's file.
 * @throws RpcError data_loss for a text that no registry has written.
 */
export function parseRegistryFile(text: string): Entry[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new RpcError('data_loss', 'the registry file is no JSON: remove it', { cause });
  }
  const instances = (value as { readonly instances?: unknown } | null)?.instances;
  if (!Array.isArray(instances)) {
    throw new RpcError('data_loss', 'the registry file has no list "instances": remove it');
  }
  return instances.map((item) => {
    const instance = parseInstance(item);
    const { endsAt } = item as { readonly endsAt?: unknown };
    if (typeof endsAt === 'number' && Number.isFinite(endsAt)) return { instance, endsAt };
    throw new RpcError('data_loss', `the registry file: ${instance.id} has no time "endsAt"`);
  });
}

function textOf(entries: ReadonlyMap<string, Entry>): string {
  const instances = [...entries.values()].map(({ instance, endsAt }) => ({ ...instance, endsAt }));
  return `${JSON.stringify({ instances }, null, 2)}\n`;
}

/** The text of the file, undefined where there is none. */
async function readBounded(path: string): Promise<string | undefined> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  try {
    const { size } = await file.stat();
    if (size <= maxFileBytes) return await file.readFile('utf8');
  } finally {
    await file.close();
  }
  throw new RpcError('data_loss', `the registry file is longer than ${maxFileBytes} bytes`);
}

async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.new`;
  try {
    const file = await open(temporary, 'w', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
