import type { FileDiff } from '../tools/tool.ts';
import { shownPath } from './changed-file.ts';

/**
 * Puts together what `git diff --numstat -z` and `git diff` say of the same two trees (git-diff(1)): one
 * after the other, they are in the same order.
 */
export function parsePatch(numstat: Buffer, patch: Buffer): FileDiff[] {
  const counts = numstat.toString('latin1').split('\0').filter(Boolean);
  // A line of a file's content has a sign before it, so this is a head and nothing else.
  const patches = patch.toString('utf8').split(/^(?=diff --git )/m);
  return counts.map((line, index) => {
    const [added = '', removed = '', bytePath = ''] = line.split('\t');
    return {
      path: shownPath(bytePath),
      diff: added === '-' ? '' : withoutHead(patches[index] ?? ''),
      linesAdded: Number(added) || 0,
      linesRemoved: Number(removed) || 0,
    };
  });
}

/** From the names on: `diff --git` and `index` lines are of no use to people. */
function withoutHead(patch: string): string {
  const start = patch.search(/^--- /m);
  return start === -1 ? patch : patch.slice(start);
}
