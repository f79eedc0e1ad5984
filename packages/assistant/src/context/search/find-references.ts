import type { CodeIndex } from '../../project-index/code-index.ts';
import { readText } from '../read-text.ts';

/** A line in which a name stands. */
export interface FoundReference {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  readonly text: string;
}

const maxFileBytes = 512 * 1024;
const maxReferences = 500;
const maxLineLength = 300;

/**
 * The lines that name something, by the index: in the files where it stands outside of comments and
 * strings, and of those in the lines that have it as a word. At most 500.
 */
export async function findReferences(index: CodeIndex, name: string): Promise<FoundReference[]> {
  const word = new RegExp(`(?<![\\w$])${RegExp.escape(name)}(?![\\w$])`);
  const place = { project: { root: index.root, name: '' }, cwd: index.root };
  const files = index.table.filesNaming(name).toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const found: FoundReference[] = [];
  for (const { path } of files) {
    const read = await readText(place, path, maxFileBytes);
    if (read.kind !== 'text') continue;
    for (const [at, text] of read.text.split('\n').entries()) {
      if (!word.test(text)) continue;
      found.push({ path, line: at + 1, text: text.slice(0, maxLineLength) });
      if (found.length === maxReferences) return found;
    }
  }
  return found;
}
