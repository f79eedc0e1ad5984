import { type DefinitionKind, kindOf } from './definition-kinds.ts';
import { definitionFields, type FileSymbols } from './file-symbols.ts';

/** One definition, as it is told. */
export interface Definition {
  /** Relative to the project's root. */
  readonly path: string;
  readonly name: string;
  readonly kind: DefinitionKind;
  /** From 1, both included. */
  readonly firstLine: number;
  readonly lastLine: number;
  /** How it is declared, in one line. */
  readonly signature: string;
}

interface FileRow {
  /** As in `FileSymbols`, with the numbers of the table's names. */
  readonly definitions: Uint32Array;
  readonly references: Uint32Array;
  readonly signatures: string;
}

/** References of files that were replaced, before the names that only they had are looked for. */
const minReplaced = 20_000;
const none: readonly number[] = [];

/**
 * Definitions and references of all files of a project. Names are kept once, as numbers everywhere else.
 */
export class SymbolTable {
  #names: string[] = [];
  #numbers = new Map<string, number>();
  /** By the number of a name: the files that define it, by their numbers. */
  #definers: (number[] | undefined)[] = [];
  readonly #files = new Map<string, number>();
  readonly #paths: (string | undefined)[] = [];
  readonly #rows: (FileRow | undefined)[] = [];
  readonly #free: number[] = [];
  #replaced = 0;
  /** Counts changes: what was computed from the table is right as long as this stays. */
  generation = 0;

  get size(): number {
    return this.#files.size;
  }

  get definitionCount(): number {
    return this.#sum(({ definitions }) => definitions.length / definitionFields);
  }

  get referenceCount(): number {
    return this.#sum(({ references }) => references.length / 2);
  }

  /** Takes in what a file holds now. */
  set(path: string, symbols: FileSymbols): void {
    this.delete(path);
    this.#throwOut();
    const file = this.#free.pop() ?? this.#rows.length;
    const numbers = symbols.names.map((name) => this.#intern(name));
    const definitions = symbols.definitions.slice();
    for (let at = 0; at < definitions.length; at += definitionFields) {
      const name = numbers[definitions[at] ?? 0] ?? 0;
      definitions[at] = name;
      const definers = this.#definers[name];
      if (definers === undefined) this.#definers[name] = [file];
      else if (definers.at(-1) !== file) definers.push(file);
    }
    const references = symbols.references.slice();
    for (let at = 0; at < references.length; at += 2) {
      references[at] = numbers[references[at] ?? 0] ?? 0;
    }
    this.#files.set(path, file);
    this.#paths[file] = path;
    this.#rows[file] = { definitions, references, signatures: symbols.signatures };
    this.generation += 1;
  }

  delete(path: string): void {
    const file = this.#files.get(path);
    if (file === undefined) return;
    const row = this.#rows[file];
    for (let at = 0; at < (row?.definitions.length ?? 0); at += definitionFields) {
      const name = row?.definitions[at] ?? 0;
      const rest = this.#definers[name]?.filter((other) => other !== file);
      this.#definers[name] = rest === undefined || rest.length === 0 ? undefined : rest;
    }
    this.#replaced += row?.references.length ?? 0;
    this.#files.delete(path);
    this.#paths[file] = undefined;
    this.#rows[file] = undefined;
    this.#free.push(file);
    this.generation += 1;
  }

  has(path: string): boolean {
    return this.#files.has(path);
  }

  /** Paths of files with symbols, in no order. */
  paths(): Iterable<string> {
    return this.#files.keys();
  }

  /** Everywhere that a name is defined. */
  find(name: string): Definition[] {
    const number = this.#numbers.get(name);
    if (number === undefined) return [];
    return this.definersOf(number).flatMap((file) => this.#definitionsOf(file, number));
  }

  /** Where one file defines a name; both by their numbers. */
  findIn(file: number, name: number): Definition[] {
    return this.#definitionsOf(file, name);
  }

  /** Definitions of one file, in its order. */
  definitionsIn(path: string): Definition[] {
    const file = this.#files.get(path);
    return file === undefined ? [] : this.#definitionsOf(file);
  }

  /** Files in which a name stands, defined there or not, and how often. */
  filesNaming(name: string): { readonly path: string; readonly count: number }[] {
    const number = this.#numbers.get(name);
    if (number === undefined) return [];
    return [...this.#files].flatMap(([path, file]) => {
      const references = this.referencesOf(file);
      for (let at = 0; at < references.length; at += 2) {
        if (references[at] === number) return [{ path, count: references[at + 1] ?? 0 }];
      }
      return [];
    });
  }

  /** All names, by their numbers; some may be in no file any more. */
  get names(): readonly string[] {
    return this.#names;
  }

  /** All names that are defined anywhere. */
  *definedNames(): Generator<string> {
    for (const [number, name] of this.#names.entries()) {
      if (this.#definers[number] !== undefined) yield name;
    }
  }

  /** One more than the largest number of a file, for arrays by file. */
  get fileLimit(): number {
    return this.#rows.length;
  }

  pathOf(file: number): string | undefined {
    return this.#paths[file];
  }

  fileOf(path: string): number | undefined {
    return this.#files.get(path);
  }

  nameOf(number: number): string {
    return this.#names[number] ?? '';
  }

  numberOf(name: string): number | undefined {
    return this.#numbers.get(name);
  }

  /** Numbers of the files that define a name. */
  definersOf(name: number): readonly number[] {
    return this.#definers[name] ?? none;
  }

  /** Pairs of a name and a count. */
  referencesOf(file: number): Uint32Array {
    return this.#rows[file]?.references ?? new Uint32Array();
  }

  /** Rows of `definitionFields`, the name first. */
  definitionsOf(file: number): Uint32Array {
    return this.#rows[file]?.definitions ?? new Uint32Array();
  }

  #definitionsOf(file: number, only?: number): Definition[] {
    const row = this.#rows[file];
    const path = this.#paths[file];
    if (row === undefined || path === undefined) return [];
    const { definitions } = row;
    const signatures = row.signatures.split('\n');
    const found: Definition[] = [];
    for (let at = 0; at < definitions.length; at += definitionFields) {
      const name = definitions[at] ?? 0;
      if (only !== undefined && name !== only) continue;
      found.push({
        path,
        name: this.nameOf(name),
        kind: kindOf(definitions[at + 1] ?? 0),
        firstLine: definitions[at + 2] ?? 1,
        lastLine: definitions[at + 3] ?? 1,
        signature: signatures[at / definitionFields] ?? '',
      });
    }
    return found;
  }

  #sum(count: (row: FileRow) => number): number {
    return this.#rows.reduce((sum, row) => sum + (row === undefined ? 0 : count(row)), 0);
  }

  #intern(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    const number = this.#names.push(name) - 1;
    this.#numbers.set(name, number);
    return number;
  }

  /** Gives new numbers to the names in use, when files were replaced often enough to have left many. */
  #throwOut(): void {
    if (this.#replaced < minReplaced || this.#replaced < 2 * this.referenceCount) return;
    this.#replaced = 0;
    const old = this.#names;
    const definers = this.#definers;
    this.#names = [];
    this.#numbers = new Map();
    this.#definers = [];
    for (const row of this.#rows) {
      if (row === undefined) continue;
      renumber(row.definitions, definitionFields, (name) => this.#intern(old[name] ?? ''));
      renumber(row.references, 2, (name) => this.#intern(old[name] ?? ''));
    }
    for (const [number, files] of definers.entries()) {
      const name = files === undefined ? undefined : this.#numbers.get(old[number] ?? '');
      if (name !== undefined) this.#definers[name] = files;
    }
  }
}

function renumber(rows: Uint32Array, width: number, numberOf: (name: number) => number): void {
  for (let at = 0; at < rows.length; at += width) rows[at] = numberOf(rows[at] ?? 0);
}
