import { constants } from 'node:fs';
import { copyFile, link, lstat, open, rename, rmdir, unlink } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { RpcError } from '@zeke/rpc';
import type { FileChange } from './file-change.ts';
import { fileFault } from './file-fault.ts';
import { type FolderHandle, makeFolders, openFolder } from './folder-handle.ts';
import { isSameFile } from './open-file.ts';

/**
 * Carries changes out, all or none. Each file is written beside its place and then put there by one
 * rename, with the owner and permissions it had; nothing is put anywhere before all are written. Throws
 * `aborted` where a file is not what it was found to be, `permission_denied` for one that is marked
 * read-only, and what the system says, as of a full disk: all is as it was then.
 */
export async function commitChanges(changes: readonly FileChange[]): Promise<void> {
  const steps: Step[] = [];
  const madeFolders: string[] = [];
  try {
    for (const change of changes) steps.push(await stage(change, madeFolders));
    for (const step of steps) await apply(step, steps.length > 1);
  } catch (reason) {
    const lost: string[] = [];
    for (const step of steps.toReversed()) await takeBack(step, lost);
    await release(steps);
    for (const folder of madeFolders.toReversed()) await ignoring(rmdir(folder));
    throw lost.length === 0 ? reason : halfDone(lost, reason);
  }
  await release(steps);
}

/** A change on its way. Names are of entries in its folder. */
interface Step {
  readonly change: FileChange;
  readonly folder: FolderHandle;
  readonly name: string;
  /** What the file is to hold, as long as it is not in its place. */
  temporary: string | undefined;
  /** The file as it was, under another name, until all is done. */
  kept: string | undefined;
  isApplied: boolean;
}

/** Takes away what stands beside the files, and lets go of their folders. */
async function release(steps: readonly Step[]): Promise<void> {
  for (const { folder, kept, temporary } of steps) {
    if (temporary) await ignoring(unlink(folder.at(temporary)));
    if (kept) await ignoring(unlink(folder.at(kept)));
    await folder[Symbol.asyncDispose]();
  }
}

async function stage(change: FileChange, madeFolders: string[]): Promise<Step> {
  const { path, shown } = change.target;
  refuseReadOnly(change);
  try {
    const above = dirname(path);
    if (change.after !== undefined) await makeFolders(above, madeFolders);
    const folder = await openFolder(above);
    const step = { change, folder, name: basename(path), kept: undefined, isApplied: false };
    try {
      return { ...step, temporary: await writeTemporary(folder, change) };
    } catch (reason) {
      await folder[Symbol.asyncDispose]();
      throw reason;
    }
  } catch (reason) {
    throw fileFault(shown, reason);
  }
}

function refuseReadOnly({ before, after, target }: FileChange): void {
  if (before === undefined || after === undefined || (before.facts.mode & 0o222) !== 0) return;
  throw new RpcError(
    'permission_denied',
    `${target.shown} is marked read-only (mode ${before.facts.mode.toString(8)}): ask the user, or chmod it first`,
  );
}

async function writeTemporary(
  folder: FolderHandle,
  { after, before, mode }: FileChange,
): Promise<string | undefined> {
  if (after === undefined) return undefined;
  const name = temporaryName();
  const way = folder.at(name);
  const file = await open(way, newFileFlags, before ? 0o600 : (mode ?? 0o666));
  try {
    await file.writeFile(after);
    if (before) {
      // Only the superuser gives files away; for all others the owner is the same already.
      await ignoring(file.chown(before.facts.uid, before.facts.gid));
      await file.chmod(before.facts.mode);
    } else if (mode !== undefined) await file.chmod(mode);
    await file.sync();
    return name;
  } catch (reason) {
    await ignoring(unlink(way));
    throw reason;
  } finally {
    await file.close();
  }
}

async function apply(step: Step, keepsOld: boolean): Promise<void> {
  const { change, folder, name } = step;
  try {
    await checkUnchanged(step);
    if (keepsOld && change.before) step.kept = await keep(folder, name);
    if (step.temporary === undefined) await unlink(folder.at(name));
    else if (change.before) await rename(folder.at(step.temporary), folder.at(name));
    else await putNew(folder, step.temporary, name);
    step.isApplied = true;
    if (change.before) step.temporary = undefined;
    await folder.sync();
  } catch (reason) {
    throw fileFault(change.target.shown, reason);
  }
}

/** A rename would take the place of what somebody else made in the meantime. */
async function putNew(folder: FolderHandle, temporary: string, name: string): Promise<void> {
  try {
    await link(folder.at(temporary), folder.at(name));
  } catch (reason) {
    if ((reason as NodeJS.ErrnoException).code === 'EEXIST') throw reason;
    // There are file systems without a second name for a file.
    await copyFile(folder.at(temporary), folder.at(name), constants.COPYFILE_EXCL);
  }
}

async function keep(folder: FolderHandle, name: string): Promise<string> {
  const kept = temporaryName();
  await link(folder.at(name), folder.at(kept)).catch(() =>
    copyFile(folder.at(name), folder.at(kept), constants.COPYFILE_EXCL),
  );
  return kept;
}

async function checkUnchanged({ change, folder, name }: Step): Promise<void> {
  const { before, target } = change;
  const now = await lstat(folder.at(name), { bigint: true }).catch(() => undefined);
  const isSame =
    before === undefined ? now === undefined : now !== undefined && isSameFile(before.facts, now);
  if (!isSame) throw changed(target.shown);
}

/** What cannot be taken back stays beside its file, under the name that is told. */
async function takeBack(step: Step, lost: string[]): Promise<void> {
  const { change, folder, isApplied, kept, name } = step;
  if (!isApplied) return;
  try {
    if (kept) await rename(folder.at(kept), folder.at(name));
    else if (change.before === undefined) await unlink(folder.at(name));
  } catch {
    lost.push(kept ? `${change.target.shown} (its old text is in ${kept} beside it)` : name);
    step.kept = undefined;
  }
}

function halfDone(lost: readonly string[], cause: unknown): RpcError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new RpcError('data_loss', `${why}; not taken back: ${lost.join(', ')}`, { cause });
}

function changed(shown: string): RpcError {
  return new RpcError(
    'aborted',
    `${shown}: somebody else changed it at this moment: read it again, then try again`,
  );
}

const newFileFlags =
  constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

function temporaryName(): string {
  return `.zeke-${crypto.randomUUID()}.tmp`;
}

async function ignoring(work: Promise<unknown>): Promise<void> {
  await work.catch(() => undefined);
}
