import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { listSources, type Source, typescript } from './list-sources.ts';

/** A copy of a project's sources without some files. */
export interface HeldOut extends AsyncDisposable {
  /** Of the copy. */
  readonly root: string;
  /** Files of the project. */
  readonly all: number;
  readonly files: readonly Source[];
}

/** Of all files that are held out: some 30,000 tokens. */
const maxAllCharacters = 120_000;

/** Files drawn by a seeded generator; a tenth of the project at most. */
export async function holdOut(
  project: string,
  count: number,
  extensions = typescript,
): Promise<HeldOut> {
  const all = await listSources(project, extensions);
  const random = generator(20_261_122);
  const order = all.map((source) => ({ source, at: random() })).toSorted((a, b) => a.at - b.at);
  const files: Source[] = [];
  let characters = 0;
  for (const { source } of order) {
    const isFull = files.length >= Math.min(count, Math.ceil(all.length / 10));
    if (isFull || characters + source.text.length > maxAllCharacters) continue;
    files.push(source);
    characters += source.text.length;
  }
  const isHeldOut = new Set(files.map(({ path }) => path));
  const learned = all.filter(({ path }) => !isHeldOut.has(path));
  const root = await copyOf(learned);
  return {
    root,
    all: all.length,
    files,
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}

/** Writes sources into a new folder of their own. */
export async function copyOf(sources: readonly Source[]): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'zeke-completer-'));
  for (const { path, text } of sources) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return root;
}

/** Mulberry32: numbers from 0 to 1, the same for a seed. */
export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
