import type { Slices } from '../../completion/local/slices.ts';
import { languageFamily } from '../../project-index/language-family.ts';
import type { SymbolTable } from '../../project-index/symbol-table.ts';

/** Which files name what other files define. Edges stand in parallel arrays, those of one file together. */
export interface ReferenceGraph {
  /** By file: where its edges start; one more entry than files. */
  readonly starts: Uint32Array;
  readonly targets: Uint32Array;
  /** The name that makes the edge. */
  readonly names: Uint32Array;
  readonly weights: Float64Array;
}

/** What makes some files and names count more. */
export interface Interest {
  /** Files, by their numbers, that are of interest, and how much beside each other. */
  readonly files: ReadonlyMap<number, number>;
  /** Numbers of names that somebody spoke of. */
  readonly names: ReadonlySet<number>;
}

/** A name that more files define says little of which one is meant. */
const maxDefiners = 12;
const mentionedWeight = 10;
/** `readProjectFile` is somebody's own word; `map` and `join` are everybody's, mostly the runtime's. */
const ownWordWeight = 3;
const ownWordLength = 8;
const commonWordWeight = 0.03;
const privateWeight = 0.2;

/** The graph of a project: its size is that of its references. */
export async function referenceGraph(
  table: SymbolTable,
  interest: Interest,
  slices: Slices,
): Promise<ReferenceGraph> {
  const fileCount = table.fileLimit;
  const families = Array.from({ length: fileCount }, (_, file) =>
    languageFamily(table.pathOf(file) ?? ''),
  );
  const starts = new Uint32Array(fileCount + 1);
  const targets: number[] = [];
  const names: number[] = [];
  const weights: number[] = [];
  for (let file = 0; file < fileCount; file++) {
    starts[file] = targets.length;
    const references = table.referencesOf(file);
    for (let at = 0; at < references.length; at += 2) {
      const name = references[at] ?? 0;
      const definers = table.definersOf(name);
      if (definers.length === 0 || definers.length > maxDefiners) continue;
      const count = references[at + 1] ?? 0;
      const weight = (Math.sqrt(count) * weightOf(name, table, interest)) / definers.length;
      for (const definer of definers) {
        if (definer === file || families[definer] !== families[file]) continue;
        targets.push(definer);
        names.push(name);
        weights.push(weight);
      }
    }
    await slices.breathe();
  }
  starts[fileCount] = targets.length;
  return {
    starts,
    targets: Uint32Array.from(targets),
    names: Uint32Array.from(names),
    weights: Float64Array.from(weights),
  };
}

function weightOf(name: number, table: SymbolTable, interest: Interest): number {
  if (interest.names.has(name)) return mentionedWeight;
  const text = table.nameOf(name);
  if (text.startsWith('_')) return privateWeight;
  if (/^[a-z]+$/.test(text)) return commonWordWeight;
  return text.length >= ownWordLength ? ownWordWeight : 1;
}
