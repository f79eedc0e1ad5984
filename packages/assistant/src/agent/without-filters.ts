import { runGit } from '../snapshots/run-git.ts';

/**
 * What tells git to run no filter that the repository names: they are programs of the project, and run outside
 * of the sandbox here. Files are checked out and taken in as they are kept. As environment, since names may hold
 * anything (git-config(1), GIT_CONFIG_COUNT).
 */
export async function withoutFilters(
  root: string,
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const args = ['config', '--null', '--name-only', '--get-regexp', '^filter\\.'];
  const options = { cwd: root, environment, signal };
  // Git fails where there is none.
  const listed = await runGit(args, options).catch(() => Buffer.alloc(0));
  const keys = listed.toString('utf8').split('\0').filter(Boolean);
  const names = new Set(keys.map((key) => key.slice(0, key.lastIndexOf('.'))));
  const set = [...names].flatMap((name) => [
    ...['clean', 'smudge', 'process'].map((each) => [`${name}.${each}`, '']),
    [`${name}.required`, 'false'],
  ]);
  const pairs = set.flatMap(([key = '', value = ''], at) => [
    [`GIT_CONFIG_KEY_${at}`, key],
    [`GIT_CONFIG_VALUE_${at}`, value],
  ]);
  return { GIT_CONFIG_COUNT: String(set.length), ...Object.fromEntries(pairs) };
}
