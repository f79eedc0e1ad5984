import { z } from 'zod';

const maxNameCharacters = 500;

/**
 * A commit, branch or range. One that begins with `-` would be an option, and is refused; so are
 * characters that no name of git has (git-check-ref-format(1)), but for those of `HEAD~2` and `a..b`.
 */
export const revision = z
  .string()
  .min(1)
  .max(maxNameCharacters)
  .regex(
    /^[^-\s][^\s\p{Cc}]*$/u,
    'a commit, branch or range: no blanks, and no "-" at its beginning',
  );

/** The name of a branch. */
export const branchName = revision.regex(
  /^[^~^:?*[\\]+$/,
  'the name of a branch: none of ~ ^ : ? * [ \\',
);

/** A file or folder, as its own name and no pattern of git's. */
export const gitPath = z.string().min(1).describe('File or folder, relative to the working folder');

/** A word as a shell reads it back, for the command that people and rules see. */
function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** The command line that a call of git amounts to. */
export function gitCommandLine(args: readonly string[]): string {
  return ['git', ...args].map(shellWord).join(' ');
}
