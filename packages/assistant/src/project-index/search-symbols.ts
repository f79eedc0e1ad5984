import type { Definition, SymbolTable } from './symbol-table.ts';

export interface SymbolSearch {
  /** A name, its beginning, its humps (`rFS` for `readFileSymbols`), or some letters of it in order. */
  readonly query: string;
  /** Default 20. */
  readonly limit?: number;
}

/** Letters: a longer query is cut. */
const maxQueryLength = 100;
const maxLimit = 500;
/** Fields are asked for less than what they are fields of. */
const fieldPenalty = 0.5;

/** Definitions whose names are like the query, the most alike first; of equals the shortest. */
export function searchSymbols(
  table: SymbolTable,
  { query, limit = 20 }: SymbolSearch,
): Definition[] {
  const wanted = query.trim().slice(0, maxQueryLength);
  if (wanted === '') return [];
  const likely: { readonly name: string; readonly score: number }[] = [];
  for (const name of table.definedNames()) {
    const score = likeness(name, wanted);
    if (score > 0) likely.push({ name, score });
  }
  const most = Math.min(limit, maxLimit);
  return likely
    .toSorted((a, b) => b.score - a.score || order(a.name, b.name))
    .slice(0, most)
    .flatMap(({ name, score }) => table.find(name).map((definition) => ({ definition, score })))
    .toSorted((a, b) => rank(b) - rank(a) || order(a.definition.path, b.definition.path))
    .slice(0, most)
    .map(({ definition }) => definition);
}

function rank({ definition, score }: { definition: Definition; score: number }): number {
  return score - (definition.kind === 'field' ? fieldPenalty : 0);
}

/** From 0, not at all, to 6, the same; shorter names before longer ones. */
function likeness(name: string, wanted: string): number {
  const brevity = wanted.length / (name.length + wanted.length);
  if (name === wanted) return 6;
  const lower = name.toLowerCase();
  const asked = wanted.toLowerCase();
  if (lower === asked) return 5 + brevity;
  if (lower.startsWith(asked)) return 4 + brevity;
  if (humpsOf(name).startsWith(asked) && asked.length > 1) return 3 + brevity;
  if (lower.includes(asked)) return 2 + brevity;
  return asked.length > 2 && hasInOrder(lower, asked) ? 0.5 + brevity : 0;
}

function humpsOf(name: string): string {
  const humps = name.match(/^[a-z]|[A-Z](?![A-Z])|(?<=_)[A-Za-z]/g) ?? [];
  return humps.join('').toLowerCase();
}

function hasInOrder(name: string, letters: string): boolean {
  let at = 0;
  for (const letter of letters) {
    at = name.indexOf(letter, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

function order(a: string, b: string): number {
  if (a === b) return 0;
  return a.length - b.length || (a < b ? -1 : 1);
}
