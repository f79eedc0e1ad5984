import type { Definition } from '../../project-index/symbol-table.ts';
import { rankTexts } from './rank-texts.ts';
import { type Chunk, splitChunks } from './split-chunks.ts';

export interface PickedChunks {
  /** Parts in the order of the file, between them notes of the lines that are left out. */
  readonly text: string;
  readonly isWhole: boolean;
}

export interface PickChunksOptions {
  readonly definitions: readonly Pick<Definition, 'firstLine'>[];
  readonly question: string;
  readonly maxTokens: number;
  readonly countTokens: (text: string) => number;
}

/** What a note of lines that are left out takes, in tokens. */
const noteTokens = 12;

/**
 * Of a file the parts that answer a question best, within a number of tokens; all of it where that fits.
 * Where no part has a word of the question, its beginning.
 */
export function pickChunks(text: string, options: PickChunksOptions): PickedChunks {
  const { maxTokens, countTokens } = options;
  if (countTokens(text) <= maxTokens) return { text, isWhole: true };
  const chunks = splitChunks(text, options.definitions);
  const ranks = rankTexts(
    chunks.map((chunk) => chunk.text),
    options.question,
  );
  const order = chunks
    .map((chunk, at) => ({ chunk, at, rank: ranks[at] ?? 0 }))
    .toSorted((a, b) => b.rank - a.rank || a.at - b.at);
  let room = maxTokens;
  const picked: Chunk[] = [];
  for (const { chunk } of order) {
    const tokens = countTokens(chunk.text) + noteTokens;
    if (tokens > room) continue;
    room -= tokens;
    picked.push(chunk);
  }
  const lineCount = chunks.at(-1)?.lastLine ?? 0;
  return { text: joined(picked, lineCount), isWhole: false };
}

function joined(picked: readonly Chunk[], lineCount: number): string {
  const lines: string[] = [];
  let next = 1;
  for (const chunk of picked.toSorted((a, b) => a.firstLine - b.firstLine)) {
    if (chunk.firstLine > next) lines.push(leftOut(next, chunk.firstLine - 1));
    lines.push(chunk.text);
    next = chunk.lastLine + 1;
  }
  if (next <= lineCount) lines.push(leftOut(next, lineCount));
  return lines.join('\n');
}

function leftOut(first: number, last: number): string {
  return `[… lines ${first}-${last} are left out …]`;
}
