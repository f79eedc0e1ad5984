import { type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';

export interface WatchFoldersOptions {
  /** Absolute. */
  readonly root: string;
  /** A file (relative to the root) may have changed, come or gone; often more than once for one change. */
  readonly onChange: (path: string, isRenamed: boolean) => void;
  /** Default 2,000. */
  readonly maxFolders?: number;
  /** Some folders cannot be watched: the system's limit is reached, or ours. */
  readonly onLimit: () => void;
}

/** Folders of one project that are watched. Linux has 8,192 for each user at least, by default. */
const maxWatchedFolders = 2_000;

/**
 * Watches folders one by one, not what lies below them, so that ignored folders cost nothing. Nothing
 * runs while nothing changes.
 */
export class FolderWatch implements Disposable {
  readonly #options: WatchFoldersOptions;
  readonly #watchers = new Map<string, FSWatcher>();

  constructor(options: WatchFoldersOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#watchers.size;
  }

  /** Watches these folders (relative to the root, `''` for it) and no others. */
  set(folders: ReadonlySet<string>): void {
    const { maxFolders = maxWatchedFolders } = this.#options;
    for (const [folder, watcher] of this.#watchers) {
      if (folders.has(folder)) continue;
      watcher.close();
      this.#watchers.delete(folder);
    }
    for (const folder of folders) {
      if (this.#watchers.has(folder)) continue;
      if (this.#watchers.size >= maxFolders || !this.#watch(folder)) {
        this.#options.onLimit();
        return;
      }
    }
  }

  [Symbol.dispose](): void {
    this.set(new Set());
  }

  #forget(folder: string): void {
    this.#watchers.get(folder)?.close();
    this.#watchers.delete(folder);
  }

  /** False where the system has no more watches; a folder that is gone is none to watch. */
  #watch(folder: string): boolean {
    const { root, onChange } = this.#options;
    try {
      const watcher = watch(join(root, folder), { persistent: false }, (event, name) => {
        if (name === null) return;
        const path = folder === '' ? name : `${folder}/${name}`;
        // A folder that has come back under its name is another one.
        if (event === 'rename') this.#forget(path);
        onChange(path, event === 'rename');
      });
      watcher.on('error', () => {
        watcher.close();
        this.#watchers.delete(folder);
      });
      this.#watchers.set(folder, watcher);
      return true;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return code === 'ENOENT' || code === 'ENOTDIR';
    }
  }
}
