import type { FoundServer, Project } from '@zeke/assistant';

/** What a question to git may take, in milliseconds. */
const limitMs = 5_000;

/**
 * Whether a language server may be started that runs what a project brings along. What was installed
 * beside the project's files, and is none of them, its user has chosen to run: a `node_modules` that git
 * ignores. What came with the repository itself runs only where the configuration says so.
 */
export async function mayStart(
  { command: [program], runsProjectCode }: Pick<FoundServer, 'command' | 'runsProjectCode'>,
  { root }: Project,
  { isAllowed, path }: { readonly isAllowed: boolean; readonly path: string },
): Promise<boolean> {
  if (!runsProjectCode || isAllowed) return true;
  const installed = ['node_modules', '.venv', 'venv'];
  const isOwn = program.startsWith(`${root}/`);
  const isInstalled = installed.some((folder) => program.startsWith(`${root}/${folder}/`));
  if (isOwn && !isInstalled) return false;
  return !(await tracksAny(root, installed, path));
}

/** Without git, or where it does not answer, everything counts as part of the project. */
async function tracksAny(root: string, folders: readonly string[], path: string): Promise<boolean> {
  try {
    const git = Bun.spawn(['git', '-C', root, 'ls-files', '-z', '--', ...folders], {
      env: { PATH: path, GIT_OPTIONAL_LOCKS: '0' },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'ignore',
      timeout: limitMs,
    });
    const first = await git.stdout.getReader().read();
    git.kill();
    const code = await git.exited;
    return !first.done || (code !== 0 && git.signalCode === null);
  } catch {
    return true;
  }
}
