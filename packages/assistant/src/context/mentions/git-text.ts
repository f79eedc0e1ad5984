import { RpcError } from '@zeke/rpc';
import type { ReadGit } from '../../tools/git/read-git.ts';

const commands = {
  diff: ['diff', 'HEAD', '--no-color', '--no-ext-diff', '--no-textconv'],
  status: ['status', '--porcelain=v1', '--branch', '--untracked-files=normal'],
} as const;

/** More than any window holds. */
const maxBytes = 2 * 1024 * 1024;

/** What git says of the work tree around a folder; nothing that it configures is run outside of the sandbox. Throws `RpcError`. */
export async function gitText(
  what: 'diff' | 'status',
  readGit: ReadGit,
  place: Parameters<ReadGit>[1],
): Promise<string> {
  const args = [...commands[what], '--ignore-submodules=dirty'];
  const { isWhole, text } = await readGit({ args, maxBytes }, place);
  if (isWhole) return text;
  throw new RpcError(
    'resource_exhausted',
    `what git prints is over ${maxBytes / 1024 / 1024} MiB: name files instead`,
  );
}
