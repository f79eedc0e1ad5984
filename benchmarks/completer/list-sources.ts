import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Source {
  /** Relative to the root. */
  readonly path: string;
  readonly text: string;
}

/** Larger files are left out, of what is learned and of what is asked about. */
const maxCharacters = 200_000;

export const typescript = 'ts,tsx,mts,cts';

/** The TypeScript of a project, or other files, in the order of paths, without what is generated. */
export async function listSources(root: string, extensions = typescript): Promise<Source[]> {
  const paths = [...new Bun.Glob(`**/*.{${extensions}}`).scanSync({ cwd: root })].toSorted();
  const found: Source[] = [];
  for (const path of paths) {
    if (/(^|\/)(node_modules|gen|dist)\/|\.d\.[mc]?ts$/.test(path)) continue;
    const text = await readFile(join(root, path), 'utf8');
    if (text.length <= maxCharacters) found.push({ path, text });
  }
  return found;
}
