import { dirname } from 'node:path';
import type { Project } from '../../project/project.ts';
import { type ReadText, readText } from '../read-text.ts';
import { findImports } from './find-imports.ts';
import type { InstructionPlace } from './instruction-places.ts';

/** One file of instructions, or one that it imports. */
export interface Instruction {
  /** Absolute, links resolved. */
  readonly path: string;
  /** Relative to the project, or to the user's folder. */
  readonly shown: string;
  readonly text: string;
  readonly origin: 'user' | 'project';
  readonly importedBy?: string;
}

export interface ReadInstructions {
  readonly found: readonly Instruction[];
  /** For the user: what was cut, left out, or leads nowhere. */
  readonly notices: readonly string[];
}

/** Of one file, in bytes; of all together, in UTF-16 units. */
export const maxInstructionBytes = 32_768;
const maxInstructionsLength = 98_304;
/** Imports of imports. */
const maxImportDepth = 5;
/** Files that one place may import, in all. */
const maxImports = 32;

/**
 * Reads the instructions of some places, in their order, each followed by what it imports with `@path`.
 * Files in `known` (absolute) are passed over. Never throws: what cannot be read is a notice.
 */
export async function readInstructions(
  places: readonly InstructionPlace[],
  known: ReadonlySet<string>,
): Promise<ReadInstructions> {
  const reading = new Reading(known);
  for (const place of places) await reading.readPlace(place);
  return reading;
}

class Reading implements ReadInstructions {
  readonly found: Instruction[] = [];
  readonly notices: string[] = [];
  readonly #known: Set<string>;
  #length = 0;

  constructor(known: ReadonlySet<string>) {
    this.#known = new Set(known);
  }

  async readPlace(place: InstructionPlace): Promise<void> {
    for (const candidate of place.candidates) {
      const file = await this.#read(place, candidate, place.root);
      if (file.kind === 'missing') continue;
      if (file.kind === 'refused') this.notices.push(`${file.shown} is not read: ${file.reason}.`);
      else await this.#take(place, file);
      return;
    }
  }

  /** Breadth first: what is nearer to the file comes before what is farther. */
  async #take(place: InstructionPlace, first: FoundFile): Promise<void> {
    let level: { file: FoundFile; by?: string }[] = [{ file: first }];
    let imports = 0;
    for (let depth = 0; level.length > 0; depth++) {
      const next: typeof level = [];
      for (const { file, by } of level) {
        if (!this.#add(place, file, by)) continue;
        for (const path of findImports(file.text)) {
          const imported = await this.#read(place, path, dirname(file.path));
          if (imported.kind !== 'text') {
            this.notices.push(`${file.shown} imports ${path}: ${imported.reason}.`);
          } else if (depth === maxImportDepth || ++imports > maxImports) {
            this.notices.push(
              `${file.shown} imports ${path}, which is left out: at most ${maxImports} files are imported, ${maxImportDepth} deep.`,
            );
          } else next.push({ file: imported, by: file.shown });
        }
      }
      level = next;
    }
  }

  async #read({ root }: InstructionPlace, path: string, cwd: string): Promise<ReadText> {
    const project: Project = { root, name: '' };
    return await readText({ project, cwd }, path, maxInstructionBytes);
  }

  /** False where it is known, or there is no room. */
  #add(place: InstructionPlace, file: FoundFile, importedBy: string | undefined): boolean {
    if (this.#known.has(file.path)) return false;
    this.#known.add(file.path);
    if (file.text.trim() === '') return false;
    if (this.#length + file.text.length > maxInstructionsLength) {
      this.notices.push(
        `${file.shown} is left out: instructions have more than ${maxInstructionsLength} characters together.`,
      );
      return false;
    }
    if (file.isCut) {
      this.notices.push(`${file.shown} is cut to its first ${maxInstructionBytes} bytes.`);
    }
    this.#length += file.text.length;
    this.found.push({
      path: file.path,
      shown: file.shown,
      text: file.text,
      origin: place.origin,
      ...(importedBy !== undefined && { importedBy }),
    });
    return true;
  }
}

type FoundFile = Extract<ReadText, { kind: 'text' }>;
