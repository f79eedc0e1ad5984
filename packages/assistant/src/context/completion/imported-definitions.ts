import type { CompletionRequest, RelatedText, RelatedTexts } from '../../completion/completion.ts';
import type { CodeIndex } from '../../project-index/code-index.ts';
import { languageFamily } from '../../project-index/language-family.ts';
import type { Definition, SymbolTable } from '../../project-index/symbol-table.ts';

/** How much of the code around the cursor names what is needed, in UTF-16 units. */
const nearBefore = 3_000;
const nearAfter = 800;
/** Of the prefix, where imports are looked for, in UTF-16 units. */
const importLength = 8_000;
/** A name that more files define may mean any of them. */
const maxDefiners = 4;
/** Names that are looked up, definitions that are given, and members told of a class. */
const maxNames = 150;
const maxDefinitions = 8;
const maxMembers = 12;

/**
 * How the definitions look that a file imports and uses near the cursor: signatures from the index of its
 * project, with those of members. Waits for nothing; 0.3 ms where 3,000 files are indexed.
 */
export class ImportedDefinitions implements RelatedTexts {
  readonly #indexOf: (root: string) => CodeIndex;

  /** Gives the index of a project by its root. */
  constructor(indexOf: (root: string) => CodeIndex) {
    this.#indexOf = indexOf;
  }

  async related({ project, filePath, prefix, suffix }: CompletionRequest): Promise<RelatedText[]> {
    const start = `${project.root}/`;
    const path = filePath.startsWith(start) ? filePath.slice(start.length) : filePath;
    const near = prefix.slice(-nearBefore) + suffix.slice(0, nearAfter);
    const { table } = this.#indexOf(project.root);
    return definitionsNear(table, path, importsOf(prefix), near).map((definition) => ({
      path: definition.path,
      text: outline(table, definition),
    }));
  }
}

/** Those that matter most first. */
function definitionsNear(
  table: SymbolTable,
  path: string,
  imports: Imports,
  near: string,
): Definition[] {
  const family = languageFamily(path);
  const names = new Map<string, number>();
  for (const [name] of near.matchAll(/[A-Za-z_$][\w$]{2,}/g)) {
    if (names.size < maxNames || names.has(name)) names.set(name, (names.get(name) ?? 0) + 1);
  }
  const found: { file: number; name: number; path: string; weight: number }[] = [];
  for (const [name, count] of names) {
    const number = table.numberOf(name);
    if (number === undefined) continue;
    const definers = table.definersOf(number);
    const isImported = imports.names.has(name);
    if (definers.length > maxDefiners && !isImported) continue;
    for (const file of definers) {
      const definerPath = table.pathOf(file) ?? '';
      const isFrom = imports.sources.has(moduleOf(definerPath));
      if (definerPath === path || (!isImported && !isFrom)) continue;
      if (languageFamily(definerPath) !== family) continue;
      const weight = count + (isImported ? 3 : 0) + (isFrom ? 5 : 0);
      found.push({ file, name: number, path: definerPath, weight });
    }
  }
  return found
    .toSorted((a, b) => b.weight - a.weight || (a.path < b.path ? -1 : 1))
    .slice(0, maxDefinitions)
    .flatMap(({ file, name: number }) => table.findIn(file, number))
    .slice(0, maxDefinitions);
}

/** A signature, and those of members. */
function outline(
  table: SymbolTable,
  { path, kind, signature, firstLine, lastLine }: Definition,
): string {
  const hasMembers = kind === 'class' || kind === 'interface' || kind === 'enum';
  if (!hasMembers || lastLine === firstLine) return signature;
  const members = table
    .definitionsIn(path)
    .filter((member) => member.firstLine > firstLine && member.lastLine <= lastLine)
    .slice(0, maxMembers)
    .map((member) => `  ${member.signature}`);
  return [signature, ...members].join('\n');
}

interface Imports {
  readonly names: ReadonlySet<string>;
  /** The last parts of the modules that are named. */
  readonly sources: ReadonlySet<string>;
}

const importLine =
  /^[ \t]*(?:import|export|from|use|#include|require|const|local)\b[^\n]*|^\}[ \t]*from\b[^\n]*/gm;

/** What the head of a file brings in, roughly and for all languages alike. */
function importsOf(prefix: string): Imports {
  const head = prefix.slice(0, importLength);
  const names = new Set<string>();
  const sources: string[] = [];
  for (const [, inside = '', source = ''] of head.matchAll(
    /^import\s+(?:type\s+)?([^'";]*?)\s*from\s*['"]([^'"\n]+)['"]/gm,
  )) {
    for (const [name] of inside.matchAll(/[A-Za-z_$][\w$]*/g)) names.add(name);
    sources.push(source);
  }
  for (const [line] of head.matchAll(importLine)) {
    if (/^[ \t]*(const|local|export)\b/.test(line) && !/require|from/.test(line)) continue;
    for (const [name] of line.matchAll(/[A-Za-z_$][\w$]*/g)) names.add(name);
    const [, quoted] = /['"<]([^'">\n]+)['">]/.exec(line) ?? [];
    const [, module] = /^[ \t]*(?:from|import|use)\s+([\w.:]+)/.exec(line) ?? [];
    sources.push(...[quoted, module].filter((source) => source !== undefined));
  }
  return { names, sources: new Set(sources.map(lastOf)) };
}

/** The last part of what an import names: `a` of `./kit/a.ts`, `kit.a` and `crate::kit::a`. */
function lastOf(source: string): string {
  const parts = source.replace(/\.(ts|tsx|js|jsx|mjs|h|hpp|py|rb|lua)$/, '').split(/[/.:]+/);
  return parts.findLast((part) => part !== '') ?? '';
}

/** What a file is imported as: its name, or its folder's where it stands for that. */
function moduleOf(path: string): string {
  const stem = path.replace(/\.[^./]+$/, '').replace(/\/(index|mod|__init__)$/, '');
  return stem.slice(stem.lastIndexOf('/') + 1);
}
