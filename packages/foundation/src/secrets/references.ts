import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import type { KeychainEntries } from './keychain.ts';
import type { SecretStore } from './secret-store.ts';

/** What a reference led to. A failure is an outcome here: all of them are shown at once. */
export type ReferenceResult =
  | { readonly ok: true; readonly value: string; readonly warning?: string }
  | { readonly ok: false; readonly reason: string };

export interface ReferenceDependencies {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The folder that relative paths of `file:` start from. */
  readonly folder: string;
  /** Opened at the first `secret:`. */
  readonly secretStore: () => Promise<Pick<SecretStore, 'get'>>;
  /** Opened at the first `keychain:`; undefined where no keychain is to be asked. */
  readonly keychain: () => Promise<Pick<KeychainEntries, 'get'> | undefined>;
  /** What stands in Vault under a key of a path. */
  readonly vault: (path: string, key: string) => Promise<ReferenceResult>;
}

const schemes = ['env', 'file', 'secret', 'keychain', 'vault'] as const;

export type ReferenceScheme = (typeof schemes)[number];

/** A secret is short; this keeps a mistaken path from filling the memory. */
const maxFileBytes = 65_536;

/** True for `env:NAME`, `file:PATH`, `secret:NAME`, `keychain:NAME` and `vault:PATH#KEY`. */
export function isReference(text: string): boolean {
  return schemeOf(text) !== undefined;
}

/** Which kind of reference a text is; undefined for one that is none. */
export function schemeOf(text: string): ReferenceScheme | undefined {
  return schemes.find((scheme) => text.startsWith(`${scheme}:`));
}

/** Follows one reference. The value of a file loses one line break at its end. */
export async function followReference(
  text: string,
  dependencies: ReferenceDependencies,
): Promise<ReferenceResult> {
  const target = text.slice(text.indexOf(':') + 1);
  if (target === '') return { ok: false, reason: `nothing follows ${text}` };
  switch (schemeOf(text)) {
    case 'env':
      return fromEnvironment(target, dependencies.environment);
    case 'file':
      return fromFile(target, dependencies.folder);
    case 'secret':
      return telling(() => fromStore(target, dependencies));
    case 'keychain':
      return telling(() => fromKeychain(target, dependencies));
    case 'vault':
      return fromVault(target, dependencies);
    case undefined:
      return { ok: false, reason: 'it is no reference' };
  }
}

/** An absolute path of a path that a user wrote, which may begin with `~/`. */
export function userPath(path: string, folder: string): string {
  if (path.startsWith('~/')) return join(homedir(), path.slice(2));
  return isAbsolute(path) ? path : resolve(folder, path);
}

function fromEnvironment(
  name: string,
  environment: ReferenceDependencies['environment'],
): ReferenceResult {
  const value = environment[name];
  if (value) return { ok: true, value };
  const state = value === undefined ? 'is not set' : 'is empty';
  return { ok: false, reason: `environment variable ${name} ${state}` };
}

async function fromFile(target: string, folder: string): Promise<ReferenceResult> {
  const path = userPath(target, folder);
  try {
    const { mode, size } = await stat(path);
    if (size > maxFileBytes) return { ok: false, reason: `${path} is too big for a value` };
    const value = (await readFile(path, 'utf8')).replace(/\r?\n$/, '');
    if (value === '') return { ok: false, reason: `${path} is empty` };
    if ((mode & 0o004) === 0) return { ok: true, value };
    return { ok: true, value, warning: `every user may read ${path}; run chmod 600 on it` };
  } catch (error) {
    return { ok: false, reason: `cannot read ${path}: ${errnoText(error)}` };
  }
}

async function fromStore(
  name: string,
  { secretStore }: ReferenceDependencies,
): Promise<ReferenceResult> {
  const value = await (await secretStore()).get(name);
  if (value !== undefined) return { ok: true, value: value.reveal() };
  const reason = `there is no secret called ${name}; zeke secrets set ${name} keeps one`;
  return { ok: false, reason };
}

/** Where no keychain answers, or it has no such entry, zeke's own secret of that name is meant. */
async function fromKeychain(
  name: string,
  dependencies: ReferenceDependencies,
): Promise<ReferenceResult> {
  const entry = await (await dependencies.keychain())?.get(name);
  if (entry) return { ok: true, value: entry };
  const value = await (await dependencies.secretStore()).get(name);
  if (value !== undefined) return { ok: true, value: value.reveal() };
  return { ok: false, reason: `there is no secret called ${name} in the keychain` };
}

async function fromVault(
  target: string,
  { vault }: ReferenceDependencies,
): Promise<ReferenceResult> {
  const [path = '', key = '', ...more] = target.split('#');
  const parts = path.split('/');
  const isPath = parts.every((part) => !/^\.{0,2}$|[\p{Cc}?\\]/u.test(part));
  if (key !== '' && more.length === 0 && isPath) return vault(path, key);
  const reason = 'it must be vault:PATH#KEY, such as vault:zeke/openai#api_key';
  return { ok: false, reason };
}

async function telling(work: () => Promise<ReferenceResult>): Promise<ReferenceResult> {
  try {
    return await work();
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

function errnoText(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EACCES':
      return 'permission denied';
    case 'EISDIR':
      return 'it is a folder';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
