import type { Stats } from 'node:fs';
import { constants } from 'node:fs';
import { access, lstat } from 'node:fs/promises';
import { RpcError } from '@zeke/rpc';
import { shownPath } from './changed-file.ts';
import type { ShadowRepository } from './shadow-repository.ts';

/** A larger file is not kept, and said so: in bytes. */
export const maxFileBytes = 10 * 1024 * 1024;
/** Files that one snapshot may find new or changed. */
const maxFiles = 200_000;
/** The same, in bytes. */
const maxSnapshotBytes = 4 * 1024 * 1024 * 1024;

/** A file or folder that snapshots do not have. */
export interface SkippedFile {
  readonly path: string;
  readonly reason: string;
}

/** What the index has to learn. Paths are as in `ChangedFile.bytePath`. */
export interface IndexChanges {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly skipped: readonly SkippedFile[];
}

/**
 * What is new, changed or gone in the work tree since the index was written. `also` are paths that are
 * looked at even where the project ignores them; with `only` nothing else is. Throws `resource_exhausted` for a folder that is too
 * large to be a project.
 */
export async function listChanges(
  shadow: ShadowRepository,
  also: readonly string[],
  only: boolean,
  signal: AbortSignal,
): Promise<IndexChanges> {
  const paths = new Set(also);
  for (const path of only ? [] : await listed(shadow, signal)) paths.add(path);
  if (paths.size > maxFiles) throw isTooLarge(`${maxFiles} files`);
  const added: string[] = [];
  const removed: string[] = [];
  const skipped: SkippedFile[] = [];
  let bytes = 0;
  for (const path of paths) {
    const seen = await look(shadow.root, path);
    if (seen.kind === 'file') {
      bytes += seen.bytes;
      if (bytes > maxSnapshotBytes) throw isTooLarge(`${maxSnapshotBytes / 1024 ** 3} GiB`);
      added.push(path);
      continue;
    }
    // A folder that is a repository of its own has nothing in the index.
    if (!path.endsWith('/')) removed.push(path);
    if (seen.kind === 'skipped') skipped.push({ path: shownPath(path), reason: seen.reason });
  }
  return { added, removed, skipped };
}

async function listed(shadow: ShadowRepository, signal: AbortSignal): Promise<string[]> {
  const listing = ['ls-files', '-z', '--others', '--modified', '--deleted', '--exclude-standard'];
  const output = await shadow.git(listing, signal);
  return output.toString('latin1').split('\0').filter(Boolean);
}

type Seen =
  | { readonly kind: 'file'; readonly bytes: number }
  | { readonly kind: 'gone' }
  | { readonly kind: 'skipped'; readonly reason: string };

async function look(root: string, path: string): Promise<Seen> {
  if (path.endsWith('/')) return { kind: 'skipped', reason: 'a repository of its own' };
  const absolute = Buffer.concat([Buffer.from(`${root}/`), Buffer.from(path, 'latin1')]);
  let stats: Stats;
  try {
    stats = await lstat(absolute);
  } catch {
    return { kind: 'gone' };
  }
  if (stats.isSymbolicLink()) return { kind: 'file', bytes: 0 };
  if (!stats.isFile()) return { kind: 'gone' };
  if (stats.size > maxFileBytes) {
    return { kind: 'skipped', reason: `larger than ${maxFileBytes / 1024 ** 2} MiB` };
  }
  const isReadable = await access(absolute, constants.R_OK).then(
    () => true,
    () => false,
  );
  return isReadable
    ? { kind: 'file', bytes: stats.size }
    : { kind: 'skipped', reason: 'it cannot be read' };
}

function isTooLarge(limit: string): RpcError {
  return new RpcError(
    'resource_exhausted',
    `over ${limit} would have to be kept to be able to undo changes here: name them in .gitignore, or open the folder of the project itself`,
  );
}
