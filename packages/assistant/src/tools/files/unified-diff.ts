import { FILE_HEADERS_ONLY, formatPatch, type StructuredPatchHunk, structuredPatch } from 'diff';
import type { FileDiff } from '../tool.ts';

/** A longer diff is cut, and says so in its last line. */
const maxDiffCharacters = 100_000;
/** Texts that differ in more lines are shown as one change from the first to the last of them. */
const maxEditLines = 1_000;
const contextLines = 3;

/**
 * The unified diff of a file's text, as git writes it; `before` or `after` is undefined where there is
 * no file. `path` is shown as it is, after `a/` and `b/`.
 */
export function unifiedDiff(
  path: string,
  before: string | undefined,
  after: string | undefined,
): FileDiff {
  const hunks = hunksOf(before ?? '', after ?? '');
  const signs = hunks.flatMap(({ lines }) => lines.map((line) => line[0]));
  const patch = {
    oldFileName: before === undefined ? '/dev/null' : `a/${path}`,
    newFileName: after === undefined ? '/dev/null' : `b/${path}`,
    oldHeader: undefined,
    newHeader: undefined,
    hunks,
  };
  return {
    path,
    diff: hunks.length === 0 ? '' : cut(formatPatch(patch, FILE_HEADERS_ONLY)),
    linesAdded: signs.filter((sign) => sign === '+').length,
    linesRemoved: signs.filter((sign) => sign === '-').length,
  };
}

/** What is told of a file that is no text. */
export function binaryDiff(path: string): FileDiff {
  return { path, diff: '', linesAdded: 0, linesRemoved: 0 };
}

function hunksOf(before: string, after: string): StructuredPatchHunk[] {
  const options = { context: contextLines, maxEditLength: maxEditLines };
  const patch = structuredPatch('', '', before, after, undefined, undefined, options);
  return patch?.hunks ?? [oneHunk(before, after)];
}

/** All from the first line that differs to the last. */
function oneHunk(before: string, after: string): StructuredPatchHunk {
  const old = linesOf(before);
  const now = linesOf(after);
  const shorter = Math.min(old.length, now.length);
  let head = 0;
  while (head < shorter && old[head] === now[head]) head++;
  let tail = 0;
  while (tail < shorter - head && old.at(-1 - tail) === now.at(-1 - tail)) tail++;
  const first = Math.max(0, head - contextLines);
  const rest = Math.min(tail, contextLines);
  const lines = [
    ...marked(' ', old.slice(first, head)),
    ...marked('-', old.slice(head, old.length - tail)),
    ...marked('+', now.slice(head, now.length - tail)),
    ...marked(' ', old.slice(old.length - tail, old.length - tail + rest)),
  ];
  const oldLines = old.length - tail + rest - first;
  const newLines = now.length - tail + rest - first;
  return { oldStart: first + 1, oldLines, newStart: first + 1, newLines, lines };
}

/** Each with its end, so that texts that differ at their end only differ in a line. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function marked(sign: string, lines: readonly string[]): string[] {
  return lines.flatMap((line) =>
    line.endsWith('\n')
      ? [sign + line.slice(0, -1)]
      : [sign + line, '\\ No newline at end of file'],
  );
}

function cut(diff: string): string {
  if (diff.length <= maxDiffCharacters) return diff;
  const end = diff.lastIndexOf('\n', maxDiffCharacters);
  const left = diff.length - end;
  return `${diff.slice(0, end > 0 ? end : maxDiffCharacters)}\n\\ The diff is cut here: ${left} characters are left out\n`;
}
