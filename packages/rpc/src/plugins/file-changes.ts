import { createHash } from 'node:crypto';
import { type FSWatcher, readFileSync, statSync, watch } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { Clock, Scheduled } from '../core/clock.ts';

export interface FileChangesOptions {
  /** Names that are no files are left out. */
  readonly files: readonly string[];
  /** Where relative names begin. */
  readonly folder: string;
  /** After the last of several changes, this long must be quiet. */
  readonly settleMs: number;
  readonly clock: Clock;
  readonly onChange: () => void;
}

/**
 * Calls back when the content of one of these files is another one; not when it is only touched, and
 * not while one is missing, as between the two steps of an editor's save. The answer ends it.
 */
export function watchFiles(options: FileChangesOptions): () => void {
  const paths = options.files.map((file) => resolve(options.folder, file)).filter(isFile);
  let content = contentOf(paths);
  let timer: Scheduled | undefined;
  const settled = (): void => {
    timer = undefined;
    const now = contentOf(paths);
    if (now === undefined || now === content) return;
    content = now;
    options.onChange();
  };
  const changed = (): void => {
    timer?.cancel();
    timer = options.clock.schedule(options.settleMs, settled);
  };
  const watchers = watchersOf(paths, changed);
  return () => {
    timer?.cancel();
    for (const watcher of watchers) watcher.close();
  };
}

/** Folders are watched: a file that is replaced is another one to a watcher of files. */
function watchersOf(paths: readonly string[], changed: () => void): FSWatcher[] {
  const names = new Map<string, Set<string>>();
  for (const path of paths) {
    const folder = dirname(path);
    names.set(folder, (names.get(folder) ?? new Set()).add(basename(path)));
  }
  return [...names].map(([folder, wanted]) => {
    const watcher = watch(folder, (_event, name) => {
      if (name === null || wanted.has(name)) changed();
    });
    watcher.on('error', () => {});
    return watcher;
  });
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** Undefined while one of the files cannot be read. */
function contentOf(paths: readonly string[]): string | undefined {
  const hash = createHash('sha256');
  try {
    for (const path of paths) {
      const bytes = readFileSync(path);
      hash.update(`${path} ${bytes.length}\n`).update(bytes);
    }
  } catch {
    return undefined;
  }
  return hash.digest('hex');
}
