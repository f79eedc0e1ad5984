import { join } from 'node:path';
import { RpcError } from '@zeke/rpc';
import type { ToolContext } from '../tool.ts';
import type { ReadGit } from './read-git.ts';

/** Names of files that are looked through, in bytes. */
const maxNamesBytes = 4 * 1024 * 1024;
/** More of them do not go into one call of git. */
const maxHidden = 500;

/**
 * Those files that a diff would show and that must not be read, as pathspecs that leave them out. `args` is
 * the call of git with `--name-only -z`. Throws `resource_exhausted` where there are too many.
 */
export async function hiddenFiles(
  args: readonly string[],
  readGit: ReadGit,
  context: ToolContext,
): Promise<readonly string[]> {
  const { hides } = context;
  if (hides === undefined) return [];
  const top = await readGit({ args: ['rev-parse', '--show-toplevel'] }, context);
  const root = top.text.replace(/\n$/, '');
  const listed = await readGit({ args, maxBytes: maxNamesBytes }, context);
  const names = new Set(listed.text.split('\0').filter(Boolean));
  const hidden = [...names].filter((name) => hides(join(root, name)));
  if (listed.isWhole && hidden.length <= maxHidden) {
    return hidden.map((name) => `:(top,exclude,literal)${name}`);
  }
  throw new RpcError(
    'resource_exhausted',
    'it goes over too many files to leave out those that must not be read: ask for fewer by paths',
  );
}
