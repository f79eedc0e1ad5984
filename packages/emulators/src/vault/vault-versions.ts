import type { Reply } from '../kit/serve.ts';
import { vaultError, vaultReply } from './vault-reply.ts';

interface Version {
  readonly data: Readonly<Record<string, unknown>>;
  readonly createdAtMs: number;
  deletedAtMs?: number;
}

/**
 * A KV version 2 engine:
 * https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2
 */
export class VaultVersions {
  readonly #now: () => number;
  readonly #secrets = new Map<string, Version[]>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Gives the new version's number. */
  write(path: string, data: Readonly<Record<string, unknown>>): number {
    const versions = this.#secrets.get(path) ?? [];
    versions.push({ data, createdAtMs: this.#now() });
    this.#secrets.set(path, versions);
    return versions.length;
  }

  /** Deletes the latest version, which can be undone in the real one. */
  delete(path: string): void {
    const latest = this.#secrets.get(path)?.at(-1);
    if (latest) latest.deletedAtMs = this.#now();
  }

  /** `GET MOUNT/data/PATH`. */
  read(path: string, wanted: string | null): Reply {
    const versions = this.#secrets.get(path);
    if (wanted !== null && !/^\d+$/.test(wanted)) {
      return vaultError(400, `Field validation failed: error converting input for field "version"`);
    }
    const number = Number(wanted ?? 0) || (versions?.length ?? 0);
    const version = versions?.[number - 1];
    if (version === undefined) return vaultError(404);
    const { createdAtMs, data, deletedAtMs } = version;
    const metadata = {
      created_time: new Date(createdAtMs).toISOString(),
      custom_metadata: null,
      deletion_time: deletedAtMs === undefined ? '' : new Date(deletedAtMs).toISOString(),
      destroyed: false,
      version: number,
    };
    // A deleted version is there as an answer that says so.
    if (deletedAtMs !== undefined) return vaultReply(404, { data: { data: null, metadata } });
    return vaultReply(200, { data: { data, metadata } });
  }
}

/** What a path of the engine without `data/` is told, and one of version 1. */
export function unversionedPath(): Reply {
  const text =
    "Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API endpoints to use. If using the Vault CLI, use 'vault kv get' for this operation.";
  return vaultReply(404, { warnings: [text] });
}
