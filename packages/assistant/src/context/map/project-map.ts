import type { CodeIndex } from '../../project-index/code-index.ts';
import { type MapInterest, type RankedDefinition, rankDefinitions } from './rank-definitions.ts';
import { renderMap } from './render-map.ts';

export interface ProjectMapRequest extends MapInterest {
  readonly maxTokens: number;
  readonly countTokens: (text: string) => number;
}

/** Files named without their definitions, where there is room. */
const maxPlainFiles = 200;

/**
 * Outlines of a project within a number of tokens: the definitions that matter most for what is being
 * worked on, then names of further files. The last one is kept, as long as nothing it was made from
 * changes. One for every session.
 */
export class ProjectMap {
  readonly #index: CodeIndex;
  #last: { readonly key: string; readonly map: Promise<string> } | undefined;

  constructor(index: CodeIndex) {
    this.#index = index;
  }

  /** Empty where nothing is known of the project. */
  async render(request: ProjectMapRequest, signal: AbortSignal): Promise<string> {
    const { paths, words, maxTokens } = request;
    const facts = [this.#index.table.generation, maxTokens, paths, [...words].toSorted()];
    const key = JSON.stringify(facts);
    if (this.#last?.key !== key) this.#last = { key, map: this.#render(request, signal) };
    const { map } = this.#last;
    try {
      return await map;
    } catch (error) {
      this.#last = undefined;
      throw error;
    }
  }

  async #render(request: ProjectMapRequest, signal: AbortSignal): Promise<string> {
    const { table } = this.#index;
    const ranked = await rankDefinitions(table, request, signal);
    const definitions = ranked.slice(0, fitting(ranked, request));
    const map = renderMap(definitions);
    const shown = new Set(definitions.map(({ path }) => path));
    const others = this.#index.files().filter((path) => !shown.has(path));
    return withFiles(map, others.slice(0, maxPlainFiles), request);
  }
}

/** How many of the first definitions fit, by bisection: more of them never take less room. */
function fitting(
  ranked: readonly RankedDefinition[],
  { maxTokens, countTokens }: ProjectMapRequest,
): number {
  let fits = 0;
  let tooMany = ranked.length + 1;
  while (tooMany - fits > 1) {
    const middle = Math.floor((fits + tooMany) / 2);
    if (countTokens(renderMap(ranked.slice(0, middle))) <= maxTokens) fits = middle;
    else tooMany = middle;
  }
  return fits;
}

function withFiles(
  map: string,
  paths: readonly string[],
  { maxTokens, countTokens }: ProjectMapRequest,
): string {
  const lines = map === '' ? [] : [map];
  let room = maxTokens - countTokens(map) - countTokens(further);
  const plain: string[] = [];
  for (const path of paths) {
    room -= countTokens(`${path}\n`);
    if (room < 0) break;
    plain.push(path);
  }
  if (plain.length > 0) lines.push(further, ...plain);
  return lines.join('\n');
}

const further = 'Further files:';
