import type { FileDiff } from '../tools/tool.ts';
import { type AiComment, kindOfLine } from './ai-comment.ts';

/** Lines that a run has written, by path; undefined where its diffs do not tell them. */
export type WrittenLines = ReadonlyMap<string, readonly string[] | undefined>;

/** By the diffs of all its calls. */
export function writtenLines(changes: readonly Pick<FileDiff, 'path' | 'diff'>[]): WrittenLines {
  const written = new Map<string, string[] | undefined>();
  for (const { diff, path } of changes) {
    const lines = written.has(path) ? written.get(path) : [];
    const isWhole = diff !== '' && !diff.includes('\n\\ The diff is cut here');
    if (lines === undefined || !isWhole) written.set(path, undefined);
    else written.set(path, [...lines, ...addedLines(diff)]);
  }
  return written;
}

/** The run itself has written what makes it a command, and no person. */
export function isWritten(comment: AiComment, written: WrittenLines): boolean {
  if (!written.has(comment.path)) return false;
  const lines = written.get(comment.path);
  const marked = comment.text.split('\n').filter((line) => kindOfLine(line) !== undefined);
  return lines === undefined || marked.some((mark) => lines.some((line) => line.includes(mark)));
}

function addedLines(diff: string): string[] {
  const lines = diff.split('\n');
  // What stands before the first place is the head.
  const body = lines.slice(lines.findIndex((line) => line.startsWith('@@')));
  return body.filter((line) => line.startsWith('+')).map((line) => line.slice(1));
}
