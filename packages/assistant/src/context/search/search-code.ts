import { Slices } from '../../completion/local/slices.ts';
import type { CodeIndex } from '../../project-index/code-index.ts';
import type { Definition, SymbolTable } from '../../project-index/symbol-table.ts';
import { rankTexts } from '../chunks/rank-texts.ts';
import { type Chunk, splitChunks } from '../chunks/split-chunks.ts';
import { wordsOf } from '../chunks/words-of.ts';
import { readText } from '../read-text.ts';

export interface CodeSearch {
  /** A question or some words: `where are sessions locked`. */
  readonly query: string;
  /** Default 10. */
  readonly limit?: number;
}

export interface FoundCode {
  /** Relative to the project's root. */
  readonly path: string;
  /** From 1, both included. */
  readonly firstLine: number;
  readonly lastLine: number;
  readonly text: string;
  /** How well it fits; above 0, to be compared within one search. */
  readonly score: number;
}

/** Files whose text is looked into, of those that name most of what is asked for. */
const maxFiles = 40;
const maxFileBytes = 512 * 1024;
const maxLimit = 100;
/** Names between two looks at the clock. */
const namesPerStep = 2_000;
/** A word in a path says more than one in the text. */
const pathWeight = 3;

/**
 * Stretches of code that answer a question, the best first: files are chosen by the names in them, their
 * parts by BM25. Throws `canceled`.
 */
export async function searchCode(
  index: CodeIndex,
  { query, limit = 10 }: CodeSearch,
  signal: AbortSignal,
): Promise<FoundCode[]> {
  const asked = new Set(wordsOf(query));
  const slices = new Slices(signal);
  const paths = await likelyFiles(index.table, asked, slices);
  const chunks: Omit<FoundCode, 'score'>[] = [];
  const ranked: string[] = [];
  const place = { project: { root: index.root, name: '' }, cwd: index.root };
  for (const path of paths) {
    const read = await readText(place, path, maxFileBytes);
    await slices.breathe();
    if (read.kind !== 'text') continue;
    const definitions = index.table.definitionsIn(path);
    for (const chunk of splitChunks(read.text, definitions)) {
      chunks.push({ path, ...chunk });
      ranked.push(asRanked(path, chunk, definitions));
    }
  }
  const scores = rankTexts(ranked, query);
  return chunks
    .map((chunk, at) => ({ ...chunk, score: scores[at] ?? 0 }))
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score || (a.path < b.path ? -1 : 1))
    .slice(0, Math.min(limit, maxLimit));
}

/** What a stretch defines says more than what it uses, and so do the words of its path. */
function asRanked(path: string, chunk: Chunk, definitions: readonly Definition[]): string {
  const defined = definitions
    .filter(({ firstLine }) => firstLine >= chunk.firstLine && firstLine <= chunk.lastLine)
    .map(({ name }) => name);
  return [path, ...defined, ...defined, chunk.text].join('\n');
}

async function likelyFiles(
  table: SymbolTable,
  asked: ReadonlySet<string>,
  slices: Slices,
): Promise<string[]> {
  const matched = await matchedWords(table, asked, slices);
  const counts = new Map<number, Map<string, number>>();
  const having = new Map<string, number>();
  for (let file = 0; file < table.fileLimit; file++) {
    const path = table.pathOf(file);
    if (path === undefined) continue;
    const words = wordsIn(table.referencesOf(file), matched);
    for (const word of wordsOf(path)) {
      if (asked.has(word)) words.set(word, (words.get(word) ?? 0) + pathWeight);
    }
    for (const word of words.keys()) having.set(word, (having.get(word) ?? 0) + 1);
    if (words.size > 0) counts.set(file, words);
    await slices.breathe();
  }
  const scored = [...counts].map(([file, words]) => {
    let score = 0;
    for (const [word, count] of words) {
      const rarity = Math.log(1 + table.size / (having.get(word) ?? 1));
      score += (rarity * count) / (count + 2);
    }
    return { path: table.pathOf(file) ?? '', score };
  });
  return scored
    .toSorted((a, b) => b.score - a.score || (a.path < b.path ? -1 : 1))
    .slice(0, maxFiles)
    .map(({ path }) => path);
}

function wordsIn(
  references: Uint32Array,
  matched: ReadonlyMap<number, readonly string[]>,
): Map<string, number> {
  const words = new Map<string, number>();
  for (let at = 0; at < references.length; at += 2) {
    for (const word of matched.get(references[at] ?? 0) ?? []) {
      words.set(word, (words.get(word) ?? 0) + (references[at + 1] ?? 0));
    }
  }
  return words;
}

/** By the number of a name: the words asked for that it has in it. */
async function matchedWords(
  table: SymbolTable,
  asked: ReadonlySet<string>,
  slices: Slices,
): Promise<Map<number, string[]>> {
  const matched = new Map<number, string[]>();
  for (const [number, name] of table.names.entries()) {
    const words = wordsOf(name).filter((word) => asked.has(word));
    if (words.length > 0) matched.set(number, [...new Set(words)]);
    if (number % namesPerStep === 0) await slices.breathe();
  }
  return matched;
}
