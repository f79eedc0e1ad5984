import type { Database } from 'bun:sqlite';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { RpcError } from '@zeke/rpc';
import { notWritable } from './not-writable.ts';

/** How long others may hold a lock before it is said so. */
const waitLimitMs = 10_000;
const retryMs = 20;

/**
 * Runs `work` while no other process, and nobody else in this one, holds the lock of that file.
 * The lock is SQLite's own on a file that stays empty: the system lets go of it when its process
 * dies, however that comes. Throws `unavailable` where it is held for over 10 seconds,
 * `failed_precondition` where the file cannot be made, and `resource_exhausted` where the disk is full.
 */
export async function withFileLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const lock = await open(path);
  try {
    lock.run('pragma busy_timeout = 0');
    await begin(lock, path);
    return await work();
  } finally {
    lock.close();
  }
}

async function open(path: string): Promise<Database> {
  const { Database } = await import('bun:sqlite');
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    return new Database(path, { create: true, readwrite: true });
  } catch (cause) {
    throw notWritable(path, cause);
  }
}

async function begin(lock: Database, path: string): Promise<void> {
  const lastAt = performance.now() + waitLimitMs;
  for (;;) {
    try {
      lock.run('begin exclusive');
      return;
    } catch (cause) {
      const code = String((cause as { code?: unknown }).code);
      if (code === 'SQLITE_FULL') {
        throw new RpcError('resource_exhausted', `${path}: the disk is full: free space first`, {
          cause,
        });
      }
      if (!code.startsWith('SQLITE_BUSY')) throw cause;
      if (performance.now() >= lastAt) {
        throw new RpcError(
          'unavailable',
          `another process has held ${path} for ${waitLimitMs / 1_000} seconds; try again when it has ended`,
          { cause },
        );
      }
    }
    await Bun.sleep(retryMs);
  }
}
