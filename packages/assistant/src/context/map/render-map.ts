import type { Definition } from '../../project-index/symbol-table.ts';
import type { RankedDefinition } from './rank-definitions.ts';

/**
 * Definitions as an outline: files in the order of what they matter, in each the lines in order, what
 * is inside of another definition deeper.
 */
export function renderMap(definitions: readonly RankedDefinition[]): string {
  const byPath = new Map<string, { rank: number; definitions: RankedDefinition[] }>();
  for (const definition of definitions) {
    const file = byPath.get(definition.path) ?? { rank: 0, definitions: [] };
    file.rank += definition.rank;
    file.definitions.push(definition);
    byPath.set(definition.path, file);
  }
  return [...byPath]
    .toSorted(([a, one], [b, other]) => other.rank - one.rank || (a < b ? -1 : 1))
    .map(([path, file]) => [`${path}:`, ...outline(file.definitions)].join('\n'))
    .join('\n');
}

function outline(definitions: readonly RankedDefinition[]): string[] {
  const around: Definition[] = [];
  return definitions
    .toSorted((a, b) => a.firstLine - b.firstLine || b.lastLine - a.lastLine)
    .map((definition) => {
      while ((around.at(-1)?.lastLine ?? Number.MAX_SAFE_INTEGER) < definition.firstLine) {
        around.pop();
      }
      const indent = '  '.repeat(around.length + 1);
      around.push(definition);
      return `${indent}${definition.firstLine}: ${definition.signature || definition.name}`;
    });
}
