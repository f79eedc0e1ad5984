import { relative } from 'node:path';
import { z } from 'zod';
import { type PathPlace, resolvePath } from '../../project/resolve-path.ts';

const maxNameCharacters = 500;

/**
 * A commit, branch or range. One that begins with `-` would be an option, and one with `:` names a file
 * past the permissions for paths: both are refused.
 */
export const revision = z
  .string()
  .min(1)
  .max(maxNameCharacters)
  .regex(
    /^[^-:\s\p{Cc}][^:\s\p{Cc}]*$/u,
    'a commit, branch or range: no blanks, no ":", and no "-" at its beginning',
  );

/** The name of a branch. */
export const branchName = revision.regex(
  /^[^~^?*[\\]+$/,
  'the name of a branch: none of ~ ^ ? * [ \\',
);

/** A file or folder, as its own name and no pattern of git's. */
export const gitPath = z.string().min(1).describe('File or folder, relative to the working folder');

export interface GitPath {
  /** Absolute; the last part may be a link, which git keeps as such. */
  readonly path: string;
  /** As git takes it, in the working folder, after `--`. */
  readonly spec: string;
  /** Of the project. */
  readonly isInside: boolean;
}

/** Where paths lead, links before the last part followed. Throws as `resolvePath` does. */
export async function gitPaths(paths: readonly string[], place: PathPlace): Promise<GitPath[]> {
  return await Promise.all(
    paths.map(async (named) => {
      const { isInside, path } = await resolvePath(place, named, { followsLast: false });
      const own = relative(place.cwd, path) || '.';
      // What would be a pattern, or words of git's own (gitglossary(7), pathspec).
      return { path, spec: /^:|[*?[\\]/.test(own) ? `:(literal)${own}` : own, isInside };
    }),
  );
}

/** The command line that a call of git amounts to, as a shell reads it back. */
export function gitCommandLine(args: readonly string[]): string {
  return ['git', ...args].map(shellWord).join(' ');
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
