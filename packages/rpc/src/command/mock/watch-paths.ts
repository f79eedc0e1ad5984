import { type FSWatcher, statSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/** Changes that come within this time are one, in milliseconds: an editor makes several of a save. */
const settleMs = 50;

/** Watches files and folders (what is directly in them) until it is closed. */
export class PathWatch implements Disposable {
  readonly #onChange: () => void;
  readonly #watchers = new Map<string, FSWatcher>();
  /** Names of files by their folder; undefined where all in the folder counts. */
  #wanted = new Map<string, Set<string> | undefined>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** What is watched from now on. A path that is not there is left out. */
  watch(paths: readonly string[]): void {
    this.#wanted = foldersOf(paths);
    for (const [folder, watcher] of this.#watchers) {
      if (this.#wanted.has(folder)) continue;
      watcher.close();
      this.#watchers.delete(folder);
    }
    for (const folder of this.#wanted.keys()) {
      if (!this.#watchers.has(folder)) this.#begin(folder);
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  /** A file is watched by its folder, as editors put a new file in its place. */
  #begin(folder: string): void {
    try {
      const watcher = watch(folder, (_event, name) => {
        const names = this.#wanted.get(folder);
        if (names === undefined || name === null || names.has(name)) this.#changed();
      });
      // A folder that goes away is seen at the next reading.
      watcher.on('error', () => watcher.close());
      this.#watchers.set(folder, watcher);
    } catch {
      // It has gone since it was read, which its parent's watch tells.
    }
  }

  #changed(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onChange, settleMs);
  }
}

function foldersOf(paths: readonly string[]): Map<string, Set<string> | undefined> {
  const folders = new Map<string, Set<string> | undefined>();
  for (const path of paths) {
    if (isFolder(path)) {
      folders.set(path, undefined);
      continue;
    }
    const folder = dirname(path);
    if (folders.has(folder) && folders.get(folder) === undefined) continue;
    const names = folders.get(folder) ?? new Set<string>();
    folders.set(folder, names.add(basename(path)));
  }
  return folders;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
