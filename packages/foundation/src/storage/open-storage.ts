import { isAbsolute } from 'node:path';
import { RpcError } from '@zeke/rpc';
import type { Storage } from './storage.ts';

export interface OpenStorageOptions {
  /** Told of PostgreSQL connections that broke while idle. */
  readonly onIdleError?: (error: unknown) => void;
  /** SQLite: how long a statement waits for another process's lock. Default 1,000. */
  readonly busyTimeoutMs?: number;
  /** PostgreSQL: default 10. */
  readonly maxConnections?: number;
  /** PostgreSQL: how long to wait for a connection. Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** PostgreSQL: how long to wait for a statement, other than of a migration. Default 10,000. */
  readonly statementTimeoutMs?: number;
}

/**
 * Opens the database of `storage.url`: `sqlite:/absolute/path`, `sqlite::memory:` or
 * `postgres://…`. The driver is loaded here and not before. Throws `invalid_argument` for another
 * address, and what `Storage` says when the database cannot be used.
 */
export async function openStorage<DB = unknown>(
  url: string,
  options: OpenStorageOptions = {},
): Promise<Storage<DB>> {
  if (url.startsWith('sqlite:')) {
    const { openSqliteStorage } = await import('./sqlite-storage.ts');
    return openSqliteStorage<DB>({
      path: sqlitePath(url),
      busyTimeoutMs: options.busyTimeoutMs ?? 1_000,
    });
  }
  if (/^postgres(ql)?:\/\//.test(url)) {
    const { openPostgresStorage } = await import('./postgres-storage.ts');
    return openPostgresStorage<DB>({
      url,
      maxConnections: options.maxConnections ?? 10,
      connectTimeoutMs: options.connectTimeoutMs ?? 5_000,
      statementTimeoutMs: options.statementTimeoutMs ?? 10_000,
      onIdleError: options.onIdleError ?? (() => {}),
    });
  }
  throw new RpcError(
    'invalid_argument',
    'storage.url is not an address of a database: write sqlite:/path/to/file or postgres://user@host/database',
  );
}

function sqlitePath(url: string): string {
  const path = url.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, '');
  if (path === ':memory:' || isAbsolute(path)) return path;
  throw new RpcError('invalid_argument', `storage.url: ${path} is not an absolute path`);
}
