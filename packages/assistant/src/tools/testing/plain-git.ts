import { gitReader, type ReadGit } from '../git/read-git.ts';

/** Git as it is asked where there is no sandbox. */
export function plainGit(environment: Readonly<Record<string, string | undefined>>): ReadGit {
  return gitReader({ environment, shell: { confine: async (_place, argv) => argv } });
}
