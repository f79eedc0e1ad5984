import { readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { withFileLock } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import type { SessionStore } from '../sessions/session-store.ts';
import { runGit } from '../snapshots/run-git.ts';
import type { AgentOptions } from './agent-options.ts';
import { withoutFilters } from './without-filters.ts';

/** How long git may take over one worktree, in milliseconds. */
const limitMs = 60_000;

export interface SweepWorktreesOptions {
  readonly sessions: SessionStore;
  /** `$ZEKE_HOME/worktrees`, and `PATH`, by which git is found. */
  readonly worktrees: NonNullable<AgentOptions['worktrees']>;
  /** Only those of these sessions; undefined: all. */
  readonly only?: readonly string[];
}

/** A worktree that a run has left, and that was not deleted. */
export interface LeftWorktree {
  readonly sessionId: string;
  /** Absolute. */
  readonly folder: string;
  /** `it has changes`, or why nobody can tell. */
  readonly reason: string;
}

/**
 * Deletes worktrees that killed runs have left: of sessions that nobody runs, with nothing in them that is
 * not elsewhere, too. Those that hold changes stay, and are told. Throws `canceled`.
 */
export async function sweepWorktrees(
  options: SweepWorktreesOptions,
  signal: AbortSignal,
): Promise<readonly LeftWorktree[]> {
  const { only, worktrees } = options;
  const entries = await readdir(worktrees.folder, { withFileTypes: true }).catch(() => []);
  const left: LeftWorktree[] = [];
  for (const entry of entries) {
    if (!entry.isDirectory() || (only !== undefined && !only.includes(entry.name))) continue;
    const kept = await sweepOne(entry.name, options, signal);
    if (kept !== undefined) left.push(kept);
  }
  return left;
}

async function sweepOne(
  sessionId: string,
  { sessions, worktrees }: SweepWorktreesOptions,
  signal: AbortSignal,
): Promise<LeftWorktree | undefined> {
  // Held meanwhile, so that no run takes up what is deleted.
  const lease = await sessions.acquire(sessionId).catch((error: unknown) => RpcError.from(error));
  if (lease instanceof RpcError && lease.code === 'failed_precondition') return undefined;
  const folder = join(worktrees.folder, sessionId);
  try {
    if (lease instanceof RpcError && lease.code !== 'not_found') throw lease;
    const reason = await deleteUnchanged(folder, worktrees, signal);
    return reason === undefined ? undefined : { sessionId, folder, reason };
  } catch (error) {
    if (signal.aborted) throw error;
    return { sessionId, folder, reason: RpcError.from(error).message };
  } finally {
    if (!(lease instanceof RpcError)) await lease[Symbol.asyncDispose]();
  }
}

/** Why it was kept; undefined where it is gone. */
async function deleteUnchanged(
  folder: string,
  worktrees: SweepWorktreesOptions['worktrees'],
  signal: AbortSignal,
): Promise<string | undefined> {
  const plain = { PATH: worktrees.path };
  const environment = { ...plain, ...(await withoutFilters(folder, plain, signal)) };
  const run = async (cwd: string, args: readonly string[]): Promise<string> => {
    return (await runGit(args, { cwd, environment, signal, limitMs })).toString('utf8').trim();
  };
  const common = await run(folder, ['rev-parse', '--path-format=absolute', '--git-common-dir']);
  if (await hasOwnWork((...args) => run(folder, args))) return 'it has changes';
  await withFileLock(join(worktrees.folder, 'lock'), async () => {
    await rm(folder, { recursive: true, force: true });
    await run(dirname(common), ['--git-dir', common, 'worktree', 'prune']);
  });
  return undefined;
}

/** Files that differ from what is checked out, new ones too; or commits that are on no branch. */
async function hasOwnWork(git: (...args: string[]) => Promise<string>): Promise<boolean> {
  const status = await git('status', '--porcelain', '--untracked-files=all', '--no-renames');
  if (status !== '') return true;
  const heads = (await git('log', '--walk-reflogs', '--format=%H', 'HEAD')).split('\n');
  if (new Set(heads).size <= 1) return false;
  const refs = await git('for-each-ref', '--contains', 'HEAD', '--count=1', '--format=%(refname)');
  return refs === '';
}
