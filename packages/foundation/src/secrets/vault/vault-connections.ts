import { readFile } from 'node:fs/promises';
import { RpcError } from '@zeke/rpc';
import type { VaultConfig } from '../../config/vault-config.ts';
import type { ReferenceResult } from '../references.ts';
import { VaultClient, type VaultValues } from './vault-client.ts';

/** Values of one reading of the configuration: each path is asked for once. */
export interface VaultReader {
  /** The value of a key of a path. It does not reject. */
  read(path: string, key: string): Promise<ReferenceResult>;
  /** After which time there should be another reading, in milliseconds. */
  freshMs(): number;
}

/** Where readings of the configuration find Vault. */
export interface VaultSource {
  /** Throws `failed_precondition` where `ca_file` cannot be read. */
  open(config: VaultConfig): Promise<VaultReader>;
}

export interface VaultConnectionsOptions {
  readonly fetch?: typeof fetch;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  readonly wait?: (ms: number) => Promise<void>;
}

/** Leases that are shorter do not make Vault be asked more often. */
const leastFreshMs = 1_000;
/** Secrets whose last values are kept. */
const maxKept = 10_000;

interface Kept {
  readonly values: VaultValues;
  readonly atMs: number;
}

type Outcome =
  | { readonly values: VaultValues; readonly warning?: string }
  | { readonly reason: string; readonly isDown: boolean };

/**
 * Keeps the token of a Vault, and the last values that it gave, from one reading of the configuration to
 * the next. While Vault cannot be reached, is sealed or fails, the last value of a secret is given, for
 * as long as the process lives; what Vault refuses is refused here, too.
 */
export class VaultConnections implements VaultSource, AsyncDisposable {
  readonly #fetch: typeof fetch;
  readonly #now: () => number;
  readonly #wait: (ms: number) => Promise<void>;
  readonly #kept = new Map<string, Kept>();
  #open: { readonly settings: string; readonly client: VaultClient } | undefined;

  constructor(options: VaultConnectionsOptions = {}) {
    this.#fetch = options.fetch ?? fetch;
    this.#now = options.now ?? Date.now;
    this.#wait = options.wait ?? Bun.sleep;
  }

  async open(config: VaultConfig): Promise<VaultReader> {
    const client = await this.#clientOf(config);
    const place = `${config.address} ${config.namespace ?? ''} ${config.mount}`;
    const read = new Map<string, Promise<Outcome>>();
    let down: Outcome | undefined;
    const outcomeOf = async (path: string): Promise<Outcome> => {
      // Where Vault is down, one path has waited for it long enough.
      const outcome = down ?? (await this.#read(client, path));
      if ('reason' in outcome && outcome.isDown) down = outcome;
      return this.#orKept(`${place} ${path}`, outcome);
    };
    return {
      read: async (path, key) => {
        const reading = read.get(path) ?? outcomeOf(path);
        read.set(path, reading);
        return resultOf(await reading, path, key);
      },
      freshMs: () => {
        const dueMs = client.dueAtMs - this.#now();
        // What could not be renewed in time is tried again with the next reading.
        return dueMs > 0
          ? Math.max(leastFreshMs, Math.min(config.refreshMs, dueMs))
          : config.refreshMs;
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.client[Symbol.asyncDispose]();
  }

  async #clientOf(config: VaultConfig): Promise<VaultClient> {
    const ca = config.caFile === undefined ? undefined : await readCa(config.caFile);
    const settings = settingsText(config, ca);
    if (this.#open?.settings === settings) return this.#open.client;
    const old = this.#open;
    const client = new VaultClient({
      config,
      ca,
      fetch: this.#fetch,
      now: this.#now,
      wait: this.#wait,
    });
    this.#open = { settings, client };
    await old?.client[Symbol.asyncDispose]();
    return client;
  }

  async #read(client: VaultClient, path: string): Promise<Outcome> {
    try {
      return { values: await client.read(path) };
    } catch (reason) {
      const error = RpcError.from(reason);
      return { reason: error.message, isDown: error.retryable };
    }
  }

  /** Keeps what was read; gives what was kept where Vault is down. */
  #orKept(name: string, outcome: Outcome): Outcome {
    if ('values' in outcome) {
      if (this.#kept.size < maxKept || this.#kept.has(name)) {
        this.#kept.set(name, { values: outcome.values, atMs: this.#now() });
      }
      return outcome;
    }
    const kept = outcome.isDown ? this.#kept.get(name) : undefined;
    if (kept === undefined) return outcome;
    const since = new Date(kept.atMs).toISOString();
    return { values: kept.values, warning: `${outcome.reason}; the value of ${since} is kept` };
  }
}

function resultOf(outcome: Outcome, path: string, key: string): ReferenceResult {
  if ('reason' in outcome) return { ok: false, reason: outcome.reason };
  const { values, warning } = outcome;
  const value = values.get(key);
  if (value?.reveal()) {
    return { ok: true, value: value.reveal(), ...(warning === undefined ? {} : { warning }) };
  }
  if (values.has(key)) {
    const what = value === undefined ? 'it is no text' : 'it is empty';
    return { ok: false, reason: `${key} of ${path} in Vault cannot be used: ${what}` };
  }
  const keys = [...values.keys()].slice(0, 5).join(', ');
  return { ok: false, reason: `${path} in Vault has no ${key}, but ${keys || 'nothing'}` };
}

async function readCa(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new RpcError('failed_precondition', `vault.ca_file ${path} cannot be read (${code})`, {
      cause,
    });
  }
}

/** To compare; it holds secrets. */
function settingsText(config: VaultConfig, ca: string | undefined): string {
  const { login } = config;
  const credentials =
    login.kind === 'token'
      ? [login.token.reveal()]
      : [login.roleId.reveal(), login.secretId?.reveal()];
  return JSON.stringify([config, credentials, ca]);
}
