import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { rgPath } from '@vscode/ripgrep';
import { RpcError } from '@zeke/rpc';

export interface ListedFiles {
  /** Relative to the root, sorted. */
  readonly paths: readonly string[];
  /** There are more files than `maxFiles`, or their list is longer than `maxListBytes`. */
  readonly isCut: boolean;
}

/** Files of one project that are indexed; those last in order are left out. */
const maxFiles = 50_000;
const maxListBytes = 16 * 1024 * 1024;
/** Given to the program that lists. */
const maxListMs = 30_000;

/**
 * The files of a project: what git tracks and does not ignore; outside of git work trees what ripgrep
 * finds, which honours `.gitignore` files as well. Links are not followed. Nothing that the project
 * configures is run. `environment` has the `PATH` that leads to git. Throws `canceled`, and
 * `unavailable` where neither can list.
 */
export async function listFiles(
  root: string,
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<ListedFiles> {
  const env = { ...environment, GIT_OPTIONAL_LOCKS: '0', LC_ALL: 'C' };
  const listed =
    (await run(
      ['git', ...quiet, 'ls-files', '-co', '--exclude-standard', '-z'],
      root,
      env,
      signal,
    )) ?? (await run([rgPath, ...walking], root, env, signal, walkedWithFaults));
  if (listed === undefined) {
    throw new RpcError('unavailable', `${root}: its files cannot be listed, by git or by ripgrep`);
  }
  const paths = [...new Set(listed.text.split('\0'))].filter(isPlain).toSorted();
  return { paths: paths.slice(0, maxFiles), isCut: listed.isCut || paths.length > maxFiles };
}

/** True for a folder of the project that no listed file tells of, and that is not ignored. */
export async function isEmptyFolder(
  root: string,
  path: string,
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<boolean> {
  const entry = await lstat(join(root, path)).catch(() => undefined);
  if (!entry?.isDirectory()) return false;
  const command = ['git', ...quiet, 'check-ignore', '--quiet', '--', path];
  return (await run(command, root, { ...environment }, signal)) === undefined;
}

/** What ripgrep ends with when it found nothing (1), and when some folders could not be read (2). */
const walkedWithFaults = 2;
const quiet = [
  '-c',
  'core.fsmonitor=false',
  '-c',
  'core.quotePath=false',
  '-c',
  'core.untrackedCache=false',
];
const walking = [
  '--no-config',
  '--files',
  '--hidden',
  '--no-require-git',
  '--glob',
  '!.git',
  '--null',
  '--no-messages',
];

function isPlain(path: string): boolean {
  return path !== '' && !path.startsWith('/') && !path.split('/').includes('..');
}

/** What a program prints; undefined where it is not there, or fails. */
async function run(
  command: string[],
  cwd: string,
  env: Record<string, string>,
  signal: AbortSignal,
  maxExitCode = 0,
): Promise<{ text: string; isCut: boolean } | undefined> {
  const timeout = AbortSignal.timeout(maxListMs);
  try {
    const child = Bun.spawn(command, {
      cwd,
      env,
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'ignore',
      signal: AbortSignal.any([signal, timeout]),
      killSignal: 'SIGKILL',
    });
    const decoder = new TextDecoder();
    let text = '';
    let isCut = false;
    for await (const chunk of child.stdout) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length <= maxListBytes) continue;
      isCut = true;
      text = text.slice(0, text.lastIndexOf('\0'));
      child.kill('SIGKILL');
      break;
    }
    const exitCode = await child.exited;
    if (signal.aborted) throw canceled();
    return exitCode <= maxExitCode || isCut ? { text, isCut } : undefined;
  } catch {
    if (signal.aborted) throw canceled();
    return undefined;
  }
}

function canceled(): RpcError {
  return new RpcError('canceled', 'listing files was canceled');
}
