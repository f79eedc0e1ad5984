import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import {
  chmod,
  lstat,
  mkdir,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  rmdir,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { isWithin } from '../project/resolve-path.ts';
import { type ChangedFile, shownPath, type TreeEntry } from './changed-file.ts';
import { maxFileBytes } from './list-changes.ts';
import { readBlobs } from './read-blobs.ts';
import type { ShadowRepository } from './shadow-repository.ts';

/** What became of the files that were to be put back; paths relative to the project's root. */
export interface RestoreReport {
  readonly restored: readonly string[];
  /** Left as they are, with the reason: somebody else changed them since, or they cannot be written. */
  readonly kept: readonly { readonly path: string; readonly reason: string }[];
}

/** How many blobs are in memory at once. */
const batchSize = 50;

/**
 * Puts files back from `after` to `before`. A file that is not as `after` says was changed by somebody
 * since: it is kept, unless `force` is set. One that is as `before` says is there already. Each file is
 * replaced in one step, so that a kill leaves whole files, and doing it again does the rest.
 */
export async function restoreFiles(
  shadow: ShadowRepository,
  files: readonly ChangedFile[],
  options: { readonly force: boolean; readonly signal: AbortSignal },
): Promise<RestoreReport> {
  const restored: string[] = [];
  const kept: { path: string; reason: string }[] = [];
  // What goes makes room for what comes: a file where a folder was, or the other way round.
  const ordered = files.toSorted(
    (a, b) => Number(a.before !== undefined) - Number(b.before !== undefined),
  );
  for (let at = 0; at < ordered.length; at += batchSize) {
    const batch = ordered.slice(at, at + batchSize);
    const wanted = batch.flatMap(({ before }) => (before === undefined ? [] : [before.blob]));
    const blobs = await readBlobs(shadow, wanted, options.signal);
    for (const file of batch) {
      const reason = await restoreFile(shadow.root, file, blobs, options.force).catch(reasonOf);
      if (reason === undefined) restored.push(shownPath(file.bytePath));
      else kept.push({ path: shownPath(file.bytePath), reason });
    }
  }
  return { restored, kept };
}

/** Undefined, or why the file stays as it is. */
async function restoreFile(
  root: string,
  { bytePath, before, after }: ChangedFile,
  blobs: ReadonlyMap<string, Buffer>,
  force: boolean,
): Promise<string | undefined> {
  const path = Buffer.concat([Buffer.from(`${root}/`), Buffer.from(bytePath, 'latin1')]);
  const current = await readCurrent(path);
  if (current === 'other') return 'something that is no file stands there';
  if (isSame(current, before)) return undefined;
  if (!isSame(current, after) && !force) return 'it was changed after the step';
  if (!(await leadsInside(root, bytePath))) return 'its folder leads out of the project';
  if (before === undefined) {
    await rm(path, { force: true });
    await removeEmptyFolders(root, bytePath);
    return undefined;
  }
  const blob = blobs.get(before.blob);
  if (blob === undefined) return 'its old content is no longer kept';
  await replace(root, bytePath, before, blob);
  return undefined;
}

function isSame(left: TreeEntry | undefined, right: TreeEntry | undefined): boolean {
  return left?.blob === right?.blob && left?.mode === right?.mode;
}

/** What stands at a path now; `other` is a folder, a device, a file too large for snapshots. */
async function readCurrent(path: Buffer): Promise<TreeEntry | undefined | 'other'> {
  let stats: Stats;
  try {
    stats = await lstat(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
  if (stats.isSymbolicLink()) {
    return { mode: '120000', blob: blobHash(await readlink(path, 'buffer')) };
  }
  if (!stats.isFile() || stats.size > maxFileBytes) return 'other';
  const mode = (stats.mode & 0o100) === 0 ? '100644' : '100755';
  return { mode, blob: blobHash(await readFile(path)) };
}

/** As git names a blob: gitformat-pack(5) and `git hash-object`. */
function blobHash(bytes: Uint8Array): string {
  const hash = new Bun.CryptoHasher('sha1');
  return hash.update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

/** The nearest folder of the path that exists is in the project, links followed. */
async function leadsInside(root: string, bytePath: string): Promise<boolean> {
  for (const folder of foldersOf(root, bytePath)) {
    const resolved = await realpath(folder).catch(() => undefined);
    if (resolved !== undefined) return isWithin(await realpath(root), resolved);
  }
  return true;
}

/** The innermost first. */
function foldersOf(root: string, bytePath: string): Buffer[] {
  const parts = bytePath.split('/').slice(0, -1);
  return parts.map((_, index) => {
    const folder = parts.slice(0, parts.length - index).join('/');
    return Buffer.concat([Buffer.from(`${root}/`), Buffer.from(folder, 'latin1')]);
  });
}

async function replace(
  root: string,
  bytePath: string,
  { mode }: TreeEntry,
  blob: Buffer,
): Promise<void> {
  const path = Buffer.concat([Buffer.from(`${root}/`), Buffer.from(bytePath, 'latin1')]);
  const [folder = Buffer.from(root)] = foldersOf(root, bytePath);
  await mkdir(folder, { recursive: true });
  const name = `/.zeke-${randomBytes(6).toString('hex')}.tmp`;
  const temporary = Buffer.concat([folder, Buffer.from(name)]);
  try {
    if (mode === '120000') await symlink(blob, temporary);
    else {
      await writeFile(temporary, blob, { flag: 'wx' });
      await chmod(temporary, await permissionsFor(path, temporary, mode));
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Those of the file that is replaced, or else of the new one, but for whether it is a program. */
async function permissionsFor(path: Buffer, temporary: Buffer, mode: string): Promise<number> {
  const old = await lstat(path).catch(() => undefined);
  const stats = old?.isFile() ? old : await lstat(temporary);
  const permissions = stats.mode & 0o666;
  return mode === '100755' ? permissions | ((permissions & 0o444) >> 2) : permissions;
}

async function removeEmptyFolders(root: string, bytePath: string): Promise<void> {
  for (const folder of foldersOf(root, bytePath)) {
    const isGone = await rmdir(folder).then(
      () => true,
      () => false,
    );
    if (!isGone) return;
  }
}

function reasonOf(error: unknown): string {
  return `it cannot be written (${(error as NodeJS.ErrnoException).code ?? String(error)})`;
}
