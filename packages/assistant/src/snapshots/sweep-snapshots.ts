import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type CollectOptions, Snapshots, type SnapshotsOptions } from './snapshots.ts';

export interface SweepSnapshotsOptions
  extends CollectOptions,
    Pick<SnapshotsOptions, 'folder' | 'path' | 'now'> {}

/**
 * Cleans up the snapshots of all projects: those of folders that are gone are deleted when they are too old,
 * of the others what is too old or too much. Gives what went wrong, by the project's folder; one does not keep the others.
 */
export async function sweepSnapshots(
  options: SweepSnapshotsOptions,
  signal: AbortSignal,
): Promise<readonly { readonly root: string; readonly error: unknown }[]> {
  const { folder } = options;
  const failures: { root: string; error: unknown }[] = [];
  for (const name of await readdir(folder).catch(() => [])) {
    const root = (await readFile(join(folder, name, 'project'), 'utf8').catch(() => '')).trim();
    if (root === '' || signal.aborted) continue;
    try {
      if (await isFolder(root)) {
        const project = { root, name: basename(root) };
        await new Snapshots({ ...options, project }).collect(options, signal);
      } else if (await isUnusedSince(join(folder, name), options.now() - options.maxAgeMs)) {
        await rm(join(folder, name), { recursive: true, force: true });
      }
    } catch (error) {
      failures.push({ root, error });
    }
  }
  return failures;
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

/** The folder may come back, as on a disk that is not mounted: what is new is not deleted. */
async function isUnusedSince(shadow: string, sinceMs: number): Promise<boolean> {
  return stat(join(shadow, 'index')).then(
    ({ mtimeMs }) => mtimeMs < sinceMs,
    () => true,
  );
}
