import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import type { SecretStore } from '../secrets/secret-store.ts';
import type { VaultSource } from '../secrets/vault/vault-connections.ts';
import { type ConfigFault, formatOrigin } from './config-fault.ts';
import type { ConfigKey } from './config-keys.ts';
import type { ConfigSources } from './follow-references.ts';
import type { Environment } from './read-environment.ts';
import type { ResolvedConfig } from './resolved-config.ts';
import { zekeHome } from './zeke-home.ts';

export interface LoadConfigOptions {
  /** What `--config` said; relative paths start from `cwd`. */
  readonly file?: string;
  readonly cwd: string;
  readonly environment: Environment;
  /** Opened at the first `secret:`. Default: the secrets of `$ZEKE_HOME`. */
  readonly secretStore?: () => Promise<Pick<SecretStore, 'get'>>;
  /** Keeps what is known of Vault from one reading to the next; else each logs in and out. */
  readonly vault?: VaultSource;
  /** Names of providers that do not stand in the configuration and are there all the same. */
  readonly otherProviders?: readonly string[];
}

/** One value in force, and where it comes from, for people to look at. */
export interface ConfigEntry {
  readonly path: string;
  /** `[redacted]` where the key is a secret or the value came by reference. */
  readonly value: unknown;
  /** `zeke.toml:12`, `ZEKE_SERVER_PORT` or `default`. */
  readonly source: string;
}

export type LoadConfigResult =
  | {
      readonly ok: true;
      readonly config: ResolvedConfig;
      /** What is doubtful but does not stop anything. */
      readonly warnings: readonly ConfigFault[];
      /** For people: what was written down, and all defaults of the fixed sections. */
      readonly entries: () => readonly ConfigEntry[];
      /** Where the values of references came from. */
      readonly sources: ConfigSources;
    }
  | {
      readonly ok: false;
      readonly faults: readonly ConfigFault[];
      /** Absent where the fault is before any reference. */
      readonly sources?: ConfigSources;
    };

/** The places of `zeke.toml`, the first that exists wins; with `--config` only that one. */
export function configFiles(options: LoadConfigOptions): string[] {
  const { cwd, environment, file } = options;
  if (file !== undefined) return [resolve(cwd, file)];
  return [
    join(cwd, 'zeke.toml'),
    join(zekeHome(environment, cwd), 'zeke.toml'),
    '/etc/zeke/zeke.toml',
  ];
}

/**
 * Reads the configuration: file and environment → raw → references followed → validated →
 * resolved. All faults of a step are told together; a configuration with faults gives nothing.
 */
export async function loadConfig(options: LoadConfigOptions): Promise<LoadConfigResult> {
  const found = await findFile(options);
  if (found !== undefined && 'fault' in found) return { ok: false, faults: [found.fault] };
  const {
    readToml,
    overlayEnvironment,
    spreadApiKeys,
    followReferences,
    validateConfig,
    resolveConfig,
    listEntries,
  } = await import('./pipeline.ts');
  const file = readToml(found?.text ?? '', found?.name ?? 'zeke.toml');
  if (file.faults.length > 0) return { ok: false, faults: file.faults };
  const raw = spreadApiKeys(overlayEnvironment(file, options.environment));
  const home = zekeHome(options.environment, options.cwd);
  const folder = found === undefined ? options.cwd : dirname(found.path);
  const followed = await followReferences(raw, { ...options, home, folder });
  const { renewable, sources } = followed;
  const checked = validateConfig(followed.raw);
  const unfollowed = new Set(followed.faults.map((fault) => fault.path));
  if (!checked.ok || followed.faults.length > 0) {
    const others = checked.ok ? [] : checked.faults.filter(({ path }) => !unfollowed.has(path));
    return { ok: false, sources, faults: inOrder([...followed.faults, ...others]) };
  }
  const { otherProviders = [] } = options;
  const read = found === undefined ? {} : { file: found.path };
  const context = { home, folder, renewable, otherProviders, ...read };
  const resolved = resolveConfig(checked.valid, followed.raw, context);
  if (!resolved.ok) return { ok: false, sources, faults: inOrder(resolved.faults) };
  return {
    ok: true,
    config: resolved.config,
    warnings: [...raw.faults, ...followed.warnings, ...resolved.warnings],
    entries: () => listEntries(raw, checked.valid),
    sources,
  };
}

/** Every key that a configuration may have, with type, default and description. */
export async function listConfigKeys(): Promise<readonly ConfigKey[]> {
  const { configKeys } = await import('./pipeline.ts');
  return configKeys();
}

interface FoundFile {
  readonly path: string;
  /** As messages name it: relative where that is shorter. */
  readonly name: string;
  readonly text: string;
}

async function findFile(
  options: LoadConfigOptions,
): Promise<FoundFile | { fault: ConfigFault } | undefined> {
  for (const path of configFiles(options)) {
    const name = shortName(path, options.cwd);
    try {
      return { path, name, text: (await readFile(path, 'utf8')).replace(/^\uFEFF/, '') };
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const missing = code === 'ENOENT' || code === 'ENOTDIR';
      if (missing && options.file === undefined) continue;
      const reason = missing ? 'there is no such file' : `it cannot be read: ${message}`;
      return {
        fault: { origin: { kind: 'default' }, path: '', message: `${name}: ${reason}` },
      };
    }
  }
  return undefined;
}

function shortName(path: string, cwd: string): string {
  const short = relative(cwd, path);
  return short.startsWith('..') || isAbsolute(short) ? path : short;
}

/** By file and line, then by variable, so that a reader walks through the file once. */
function inOrder(faults: readonly ConfigFault[]): ConfigFault[] {
  return faults.toSorted((left, right) => {
    if (left.origin.kind === 'file' && right.origin.kind === 'file') {
      return left.origin.line - right.origin.line;
    }
    return formatOrigin(left.origin).localeCompare(formatOrigin(right.origin));
  });
}
