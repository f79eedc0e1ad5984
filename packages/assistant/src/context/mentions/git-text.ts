import { runGit } from '../../snapshots/run-git.ts';

const commands = {
  diff: ['diff', 'HEAD', '--no-color', '--no-ext-diff', '--no-textconv'],
  status: ['status', '--short', '--branch', '--untracked-files=normal'],
} as const;

/** What git says of the work tree around a folder; nothing that it configures is run. Throws `RpcError`. */
export async function gitText(
  what: 'diff' | 'status',
  cwd: string,
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<string> {
  const printed = await runGit(commands[what], { cwd, environment, signal });
  return printed.toString('utf8');
}
