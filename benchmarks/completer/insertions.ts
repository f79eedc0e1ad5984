import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Contender } from './contender.ts';
import { type Place, placesOf } from './places.ts';

/** Lines of an insertion that are asked about; more was moved or generated, not typed. */
const maxLines = 40;

/** Characters of a file whose insertions are asked about. */
const maxCharacters = 100_000;

/** The project as it was some commits ago, and what was inserted since. */
export interface History extends AsyncDisposable {
  /** A copy of the oldest parent. */
  readonly root: string;
  readonly commits: readonly string[];
}

/** Checks out, into a folder of its own, the parent of the oldest of the last `count` commits. */
export async function openHistory(repository: string, count: number): Promise<History> {
  const log = await git(
    repository,
    'log',
    '--no-merges',
    '--first-parent',
    '--format=%H',
    `-${count}`,
  );
  const commits = log.split('\n').filter(Boolean).reverse();
  const [oldest] = commits;
  if (oldest === undefined) throw new Error(`${repository} has no commits`);
  const root = await mkdtemp(join(tmpdir(), 'zeke-completer-'));
  const archive = Bun.spawn(['git', 'archive', '--format=tar', `${oldest}^`], { cwd: repository });
  const tar = Bun.spawn(['tar', '-x', '-C', root], { stdin: archive.stdout });
  if ((await tar.exited) !== 0) throw new Error(`${repository}: ${oldest}^ is not all there`);
  return { root, commits, [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }) };
}

/**
 * What a commit inserted into TypeScript: the file as it was below, as it became above, line by line. A
 * new file is one insertion.
 */
export async function* insertionsOf(repository: string, commit: string): AsyncGenerator<Place> {
  for (const { path, status } of await changesOf(repository, commit)) {
    if (status === 'D' || !/\.[mc]?tsx?$/.test(path) || /(^|\/)gen\//.test(path)) continue;
    const text = await git(repository, 'show', `${commit}:${path}`);
    if (text.length > maxCharacters) continue;
    const before = status === 'A' ? '' : await git(repository, 'show', `${commit}^:${path}`);
    const diff = await git(repository, 'diff', '-U0', `${commit}^`, commit, '--', path);
    for (const match of diff.matchAll(/^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/gm)) {
      const [oldLine, oldCount, line, lines] = match.slice(1).map((n) => Number(n ?? 1));
      if (lines === undefined || lines === 0 || lines > maxLines) continue;
      const from = lineOffset(text, line ?? 1);
      const to = lineOffset(text, (line ?? 1) + lines);
      const below = (oldLine ?? 0) + (oldCount === 0 ? 1 : (oldCount ?? 1));
      yield* placesOf(path, text, from, to, `\n${before.slice(lineOffset(before, below))}`);
    }
  }
}

/** Tells a contender what the commit did, as a daemon would. */
export async function apply(
  repository: string,
  commit: string,
  contender: Contender,
): Promise<void> {
  for (const { path, status } of await changesOf(repository, commit)) {
    const text = status === 'D' ? '' : await git(repository, 'show', `${commit}:${path}`);
    await (status === 'D' ? contender.remove(path) : contender.update(path, text));
  }
}

interface Change {
  readonly status: string;
  readonly path: string;
}

async function changesOf(repository: string, commit: string): Promise<Change[]> {
  const args = ['diff-tree', '-r', '--no-renames', '--name-status', '-z', `${commit}^`, commit];
  const fields = (await git(repository, ...args)).split('\0');
  const found: Change[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    found.push({ status: fields[i] ?? '', path: fields[i + 1] ?? '' });
  }
  return found;
}

/** Where a line begins, counted from 1. */
function lineOffset(text: string, line: number): number {
  let at = 0;
  for (let i = 1; i < line; i++) {
    const end = text.indexOf('\n', at);
    if (end < 0) return text.length;
    at = end + 1;
  }
  return at;
}

async function git(repository: string, ...args: string[]): Promise<string> {
  const run = Bun.spawn(['git', ...args], { cwd: repository, stderr: 'ignore' });
  const output = await new Response(run.stdout).text();
  if ((await run.exited) !== 0) throw new Error(`git ${args.join(' ')} failed in ${repository}`);
  return output;
}
