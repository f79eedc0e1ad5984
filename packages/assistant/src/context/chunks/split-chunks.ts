import type { Definition } from '../../project-index/symbol-table.ts';

/** A part of a file: whole lines, from 1, both included. */
export interface Chunk {
  readonly firstLine: number;
  readonly lastLine: number;
  readonly text: string;
}

/** A part is no longer, but for a single line. */
const maxChunkLines = 60;
const minChunkLines = 5;

/**
 * A file in parts that belong together: cut where a definition begins (with the comment before it), where
 * that is not known or too far apart at blank lines. Together the parts are the file.
 */
export function splitChunks(
  text: string,
  definitions: readonly Pick<Definition, 'firstLine'>[],
): Chunk[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const starts = new Set(definitions.map(({ firstLine }) => beforeComment(lines, firstLine)));
  const chunks: Chunk[] = [];
  let first = 1;
  while (first <= lines.length) {
    const last = endOf(lines, first, starts);
    chunks.push({
      firstLine: first,
      lastLine: last,
      text: lines.slice(first - 1, last).join('\n'),
    });
    first = last + 1;
  }
  return chunks;
}

/** The last line of the part that begins here. */
function endOf(lines: readonly string[], first: number, starts: ReadonlySet<number>): number {
  const limit = Math.min(lines.length, first + maxChunkLines - 1);
  let last = 0;
  for (let line = first + minChunkLines; line <= limit + 1; line++) {
    if (starts.has(line)) last = line - 1;
  }
  if (limit === lines.length && last === 0) return limit;
  if (last > 0) return last;
  for (let line = limit; line > first + minChunkLines; line--) {
    if (lines[line - 1]?.trim() === '') return line;
  }
  return limit;
}

function beforeComment(lines: readonly string[], line: number): number {
  let start = line;
  while (start > 1 && /^\s*(\/\/|\/?\*|#|--|@)/.test(lines[start - 2] ?? '')) start -= 1;
  return start;
}
