import { Slices } from '../../completion/local/slices.ts';
import { definitionFields } from '../../project-index/file-symbols.ts';
import type { Definition, SymbolTable } from '../../project-index/symbol-table.ts';
import { pageRank } from './page-rank.ts';
import { type Interest, referenceGraph } from './reference-graph.ts';

/** By what a map is weighed. Paths are relative to the project's root. */
export interface MapInterest {
  /** Files that are being worked on. */
  readonly paths: readonly string[];
  /** Words of the conversation: names of definitions and of files count, others do not. */
  readonly words: ReadonlySet<string>;
}

export interface RankedDefinition extends Definition {
  readonly rank: number;
}

/** How much a file in use is of interest beside one that was spoken of. */
const pathWeight = 2;
const wordWeight = 1;
/** What a file's own definitions get of its rank, and those that were spoken of get in all. */
const ownShare = 0.1;
const spokenShare = 0.05;
/** Fields matter with what they are fields of. */
const fieldWeight = 0.1;
/** More are never shown. */
const maxRanked = 5_000;

/** Definitions of a project, those first that matter most. The same for the same table and interest. */
export async function rankDefinitions(
  table: SymbolTable,
  interest: MapInterest,
  signal: AbortSignal,
): Promise<RankedDefinition[]> {
  const slices = new Slices(signal);
  const weighed = weigh(table, interest);
  const graph = await referenceGraph(table, weighed, slices);
  const isFile = (file: number): boolean => table.pathOf(file) !== undefined;
  const ranks = await pageRank(graph, isFile, weighed, slices);
  const shares = new Shares(table);
  for (let file = 0; file < table.fileLimit; file++) {
    const rank = ranks[file] ?? 0;
    let all = 0;
    const [start = 0, end = 0] = [graph.starts[file], graph.starts[file + 1]];
    for (let edge = start; edge < end; edge++) all += graph.weights[edge] ?? 0;
    for (let edge = start; edge < end; edge++) {
      const share = (rank * (graph.weights[edge] ?? 0)) / all;
      shares.add(graph.targets[edge] ?? 0, graph.names[edge] ?? 0, share);
    }
    shares.addOwn(file, rank * ownShare);
    await slices.breathe();
  }
  for (const name of weighed.names) {
    const definers = table.definersOf(name);
    for (const file of definers) shares.add(file, name, spokenShare / definers.length);
  }
  return told(table, shares);
}

/** What each definition of each file gets. */
class Shares {
  readonly #table: SymbolTable;
  readonly #shares = new Map<number, number>();

  constructor(table: SymbolTable) {
    this.#table = table;
  }

  add(file: number, name: number, share: number): void {
    const key = name * this.#table.fileLimit + file;
    this.#shares.set(key, (this.#shares.get(key) ?? 0) + share);
  }

  /** To what nobody else names, too: it may be what the project is for. */
  addOwn(file: number, share: number): void {
    const rows = this.#table.definitionsOf(file);
    const count = rows.length / definitionFields;
    for (let at = 0; at < rows.length; at += definitionFields) {
      this.add(file, rows[at] ?? 0, share / count);
    }
  }

  /** The largest, by file and name. */
  best(count: number): Map<number, Map<number, number>> {
    const files = this.#table.fileLimit;
    const byFile = new Map<number, Map<number, number>>();
    const sorted = [...this.#shares].toSorted(([, a], [, b]) => b - a);
    for (const [key, share] of sorted.slice(0, count)) {
      const names = byFile.get(key % files) ?? new Map<number, number>();
      byFile.set(key % files, names.set(Math.floor(key / files), share));
    }
    return byFile;
  }
}

function weigh(table: SymbolTable, { paths, words }: MapInterest): Interest {
  const files = new Map<number, number>();
  for (const path of table.paths()) {
    const file = table.fileOf(path);
    const name = path.slice(path.lastIndexOf('/') + 1);
    const stem = name.replace(/\.[^.]*$/, '');
    if (file !== undefined && (words.has(path) || words.has(name) || words.has(stem))) {
      files.set(file, wordWeight);
    }
  }
  for (const path of paths) {
    const file = table.fileOf(path);
    if (file !== undefined) files.set(file, pathWeight);
  }
  const names = new Set<number>();
  for (const word of words) {
    const name = table.numberOf(word);
    if (name === undefined) continue;
    names.add(name);
    for (const file of table.definersOf(name)) {
      if (!files.has(file)) files.set(file, wordWeight);
    }
  }
  return { files, names };
}

function told(table: SymbolTable, shares: Shares): RankedDefinition[] {
  const ranked: RankedDefinition[] = [];
  for (const [file, names] of shares.best(maxRanked)) {
    for (const definition of table.definitionsIn(table.pathOf(file) ?? '')) {
      const share = names.get(table.numberOf(definition.name) ?? -1);
      if (share === undefined) continue;
      const weight = definition.kind === 'field' ? fieldWeight : 1;
      ranked.push({ ...definition, rank: share * weight });
    }
  }
  return ranked.toSorted(
    (a, b) => b.rank - a.rank || order(a.path, b.path) || a.firstLine - b.firstLine,
  );
}

function order(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
