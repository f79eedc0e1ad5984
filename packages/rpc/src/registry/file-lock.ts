import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { RpcError } from '../rpc-error.ts';

/** A holder that is older is taken for dead: nothing is held for longer than a few milliseconds. */
const staleAfterMs = 10_000;
const retryMs = 5;
const maxWaitMs = 15_000;

/**
 * Runs `work` while no other process, and nobody else in this one, holds the lock: a file that only
 * one can make. The lock of a process that is gone is taken over.
 * @throws RpcError unavailable when the lock is not free after 15 seconds.
 */
export async function withFileLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + maxWaitMs;
  while (!(await tryLock(path))) {
    await removeStale(path);
    if (performance.now() > deadline) {
      throw new RpcError('unavailable', `the lock ${path} is held: remove it if nobody uses it`);
    }
    await sleep(retryMs * (0.5 + Math.random()));
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function tryLock(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600);
    await file.writeFile(String(process.pid));
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** The lock is moved aside first: of several who find it stale only one can, so none removes a new one. */
async function removeStale(path: string): Promise<void> {
  try {
    const { ino, mtimeMs } = await stat(path);
    const pid = Number(await readFile(path, 'utf8'));
    const old = Date.now() - mtimeMs > staleAfterMs;
    if (!old && (pid === 0 || isAlive(pid))) return;
    const aside = `${path}.${process.pid}.${crypto.randomUUID()}`;
    await rename(path, aside);
    const moved = await stat(aside);
    // Another one was quicker, and what was moved is the lock of somebody who lives.
    if (moved.ino !== ino) await rename(aside, path);
    else await rm(aside, { force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
