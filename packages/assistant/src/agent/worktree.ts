import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { withFileLock } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import type { Project } from '../project/project.ts';
import { cutText } from '../sessions/cut-text.ts';
import { runGit } from '../snapshots/run-git.ts';
import type { AgentOptions } from './agent-options.ts';
import { withoutFilters } from './without-filters.ts';

/** What of its diff is told, in characters. */
const maxToldLength = 20_000;
/** Branches of one session. */
const maxBranches = 100;
/** How long git may take to put a worktree away, in milliseconds. */
const closeTimeoutMs = 60_000;

/** A second checkout of a project's repository, for one run. */
export interface Worktree extends AsyncDisposable {
  readonly project: Project;
  readonly cwd: string;
  /**
   * Puts what was changed on a branch, and says so, for people and models; undefined where nothing was.
   * Where that cannot be, it says where the changes are, and the worktree stays.
   */
  finish(title: string): Promise<string | undefined>;
}

export interface OpenWorktreeOptions {
  readonly project: Project;
  readonly cwd: string;
  readonly worktrees: AgentOptions['worktrees'];
  /** Names the folder and the branch. */
  readonly id: string;
}

/**
 * A worktree as the project is now, with changes of tracked files that are not committed, without
 * untracked files. It is gone when its owner is done; the branch stays. Throws `failed_precondition`
 * for a project that is no git repository, or has no commit.
 */
export async function openWorktree(
  { project, cwd, worktrees, id }: OpenWorktreeOptions,
  signal: AbortSignal,
): Promise<Worktree> {
  if (worktrees === undefined) throw notPossible('no folder for worktrees is configured');
  const environment = { PATH: worktrees.path, ...author };
  if (existsSync(join(project.root, '.git/commondir'))) {
    throw notPossible('.git/commondir leads git to the configuration of another repository');
  }
  Object.assign(environment, await withoutFilters(project.root, environment, signal));
  const git = async (folder: string, ...args: string[]): Promise<string> =>
    (await runGit(args, { cwd: folder, environment, signal })).toString('utf8').trim();
  const head = await git(project.root, 'rev-parse', '--verify', '--quiet', 'HEAD').catch(
    (cause) => {
      throw notPossible('it is no git repository, or has no commit yet', cause);
    },
  );
  const root = join(worktrees.folder, id);
  // Git's own locks fail at once where two do this at the same time.
  const lock = join(worktrees.folder, 'lock');
  const base = await withFileLock(lock, async () => {
    const left = await headOf(root, git);
    // One that a killed run of the session has left is gone on with.
    if (left !== undefined) return left;
    const commit = (await git(project.root, 'stash', 'create')) || head;
    await rm(root, { recursive: true, force: true });
    await git(project.root, 'worktree', 'prune');
    await git(project.root, 'worktree', 'add', '--quiet', '--detach', root, commit);
    return commit;
  });
  const late = (folder: string, args: readonly string[]): Promise<Buffer> =>
    runGit(args, { cwd: folder, environment, signal: AbortSignal.timeout(closeTimeoutMs) });
  let isKept = false;
  return {
    project: { root, name: project.name },
    cwd: join(root, relative(project.root, cwd)),
    finish: async (title) => {
      try {
        return await finish(root, base, `zeke/${id}`, title || id, late);
      } catch (error) {
        isKept = true;
        return `Its changes could not be put on a branch and stay in ${root}: ${RpcError.from(error).message}`;
      }
    },
    [Symbol.asyncDispose]: async () => {
      if (isKept) return;
      await withFileLock(lock, async () => {
        await late(project.root, ['worktree', 'remove', '--force', root]).catch(() => {});
        await rm(root, { recursive: true, force: true });
      });
    },
  };
}

/** What a worktree has checked out; undefined where there is none. */
async function headOf(
  root: string,
  git: (folder: string, ...args: string[]) => Promise<string>,
): Promise<string | undefined> {
  if (!existsSync(join(root, '.git'))) return undefined;
  return git(root, 'rev-parse', '--verify', '--quiet', 'HEAD').catch(() => undefined);
}

const author = {
  GIT_AUTHOR_NAME: 'zeke',
  GIT_AUTHOR_EMAIL: 'zeke@localhost',
  GIT_COMMITTER_NAME: 'zeke',
  GIT_COMMITTER_EMAIL: 'zeke@localhost',
} as const;

async function finish(
  root: string,
  base: string,
  name: string,
  title: string,
  run: (folder: string, args: readonly string[]) => Promise<Buffer>,
): Promise<string | undefined> {
  const git = async (...args: string[]): Promise<string> =>
    (await run(root, args)).toString('utf8').trim();
  await git('add', '--all');
  const tree = await git('write-tree');
  if (tree === (await git('rev-parse', `${base}^{tree}`))) return undefined;
  // Made by hand, so that no hook of the project runs.
  const commit = await git('commit-tree', tree, '-p', base, '-m', title);
  const branch = await makeBranch(name, commit, git);
  const diff = await git('diff', '--no-color', '--no-ext-diff', '--stat', '--patch', base, commit);
  return `Its changes are on the branch ${branch}; \`git cherry-pick --no-commit ${branch}\` takes them over:\n${cutText(diff, maxToldLength)}`;
}

/** The first name that is free: a session may come back with several branches. */
async function makeBranch(
  name: string,
  commit: string,
  git: (...args: string[]) => Promise<string>,
): Promise<string> {
  for (let count = 1; ; count += 1) {
    const branch = count === 1 ? name : `${name}-${count}`;
    try {
      await git('branch', branch, commit);
      return branch;
    } catch (error) {
      if (count === maxBranches) throw error;
    }
  }
}

function notPossible(reason: string, cause?: unknown): RpcError {
  return new RpcError(
    'failed_precondition',
    `a worktree cannot be made: ${reason}; do the task without one`,
    { cause },
  );
}
