import { RpcError } from '@zeke/rpc';
import type { Project } from '../project/project.ts';
import type { ReadGit } from '../tools/git/read-git.ts';

/** What of a repository is meant. */
export type Change =
  | { readonly kind: 'range'; readonly range: string }
  | { readonly kind: 'staged' }
  /** All that is not committed. */
  | { readonly kind: 'working-tree' };

export interface ReadChangeOptions {
  readonly project: Project;
  /** Absolute: a folder of the repository. */
  readonly cwd: string;
  readonly readGit: ReadGit;
}

/** Of a longer diff the beginning is read, in bytes: it is more than is reviewed. */
const maxBytes = 8 * 1024 * 1024;

/** A change as text. */
export interface ChangeText {
  /** Unified, with five lines around each change. */
  readonly diff: string;
  /** The messages of the commits of a range; empty for others. */
  readonly messages: string;
}

/**
 * Reads a change of a git repository. Throws `invalid_argument` for a range that is none, and
 * `failed_precondition` outside of a repository.
 */
export async function readChange(
  change: Change,
  options: ReadChangeOptions,
  signal: AbortSignal,
): Promise<ChangeText> {
  const { cwd } = options;
  const git = (args: readonly string[]): Promise<string> => printed(args, options, signal);
  const diff = ['diff', '--no-color', '--no-ext-diff', '--no-textconv', '--unified=5'];
  try {
    await git(['rev-parse', '--git-dir']);
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new RpcError('failed_precondition', `${cwd} is in no git repository`, { cause });
  }
  if (change.kind === 'staged') return { diff: await git([...diff, '--cached']), messages: '' };
  if (change.kind === 'working-tree') {
    return {
      diff: await git([...diff, (await hasCommit(git)) ? 'HEAD' : '--cached']),
      messages: '',
    };
  }
  const { range } = change;
  if (range.startsWith('-') || range.trim() === '') {
    throw new RpcError('invalid_argument', `range: ${JSON.stringify(range)} names no commits`);
  }
  try {
    const commits = range.includes('..') ? range.replace('...', '..') : `${range}..HEAD`;
    return {
      diff: await git([...diff, range, '--']),
      messages: (await git(['log', '--format=%B', '--max-count=50', commits, '--'])).trim(),
    };
  } catch (cause) {
    if (signal.aborted) throw cause;
    const reason = cause instanceof RpcError ? cause.message : String(cause);
    throw new RpcError('invalid_argument', `range: ${range}: ${reason}`, { cause });
  }
}

/** The first lines of the latest commits' messages, the newest first; none where there is no commit. */
export async function recentSubjects(
  options: ReadChangeOptions,
  signal: AbortSignal,
): Promise<string[]> {
  try {
    const args = ['log', '--format=%s', `--max-count=${maxSubjects}`];
    return (await printed(args, options, signal)).split('\n').filter(Boolean);
  } catch (error) {
    if (signal.aborted) throw error;
    return [];
  }
}

const maxSubjects = 30;

async function printed(
  args: readonly string[],
  { cwd, project, readGit }: ReadChangeOptions,
  signal: AbortSignal,
): Promise<string> {
  return (await readGit({ args, maxBytes }, { cwd, project, sessionId: '', signal })).text;
}

async function hasCommit(git: (args: readonly string[]) => Promise<string>): Promise<boolean> {
  return await git(['rev-parse', '--verify', '--quiet', 'HEAD']).then(
    () => true,
    () => false,
  );
}
