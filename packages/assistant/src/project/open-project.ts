import { lstat, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readBoundedFile } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import type { Project } from './project.ts';

export interface OpenProjectOptions {
  /** Instead of the folder's own. */
  readonly name?: string;
}

/**
 * The project that a folder belongs to: the root of the git work tree around it, else the folder
 * itself. No git runs, so nothing in the folder is executed and its owner does not matter. Throws
 * `not_found` and `failed_precondition` where there is no such folder.
 */
export async function openProject(
  folder: string,
  options: OpenProjectOptions = {},
): Promise<Project> {
  const named = await resolveFolder(folder);
  const root = (await workTreeAround(named)) ?? named;
  return { root, name: options.name ?? (basename(root) || 'root') };
}

async function resolveFolder(folder: string): Promise<string> {
  try {
    const resolved = await realpath(folder);
    if ((await stat(resolved)).isDirectory()) return resolved;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new RpcError('not_found', `${folder}: no such folder can be opened (${code})`, { cause });
  }
  throw new RpcError('failed_precondition', `${folder} is a file: name the folder of a project`);
}

async function workTreeAround(folder: string): Promise<string | undefined> {
  if (await isWorkTree(folder)) return folder;
  const parent = dirname(folder);
  return parent === folder ? undefined : await workTreeAround(parent);
}

/** `.git` is a folder with a HEAD, or, in a worktree or submodule, a file that names one (gitrepository-layout(5)). */
async function isWorkTree(folder: string): Promise<boolean> {
  const git = join(folder, '.git');
  const entry = await stat(git).catch(() => undefined);
  if (entry === undefined) return false;
  if (entry.isDirectory()) {
    return await lstat(join(git, 'HEAD')).then(
      () => true,
      () => false,
    );
  }
  const text = await readBoundedFile(git, maxGitFileBytes).catch(() => '');
  return text.toString().startsWith('gitdir: ');
}

/** Such a file has one path in it. */
const maxGitFileBytes = 8192;
