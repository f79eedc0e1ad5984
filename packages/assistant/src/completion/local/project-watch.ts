import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FolderWatch } from '../../project-index/watch-folders.ts';
import { isWorthLearning } from './project-files.ts';

export interface ProjectWatchOptions {
  /** Absolute. */
  readonly root: string;
  /** Files whose folders are watched, relative to the root. */
  readonly paths: readonly string[];
  readonly onChanged: (path: string) => void;
  readonly onGone: (path: string) => void;
}

/** Changes within this time are looked at together, in milliseconds. */
const settleMs = 200;
/** Changes that wait at once; of more, as when a branch is changed, the rest is not taken in. */
const maxWaiting = 2_000;

/** Tells which files of a project change while it is open. Nothing runs while nothing changes. */
export class ProjectWatch implements Disposable {
  readonly #options: ProjectWatchOptions;
  readonly #folders: Set<string>;
  readonly #watch: FolderWatch;
  readonly #waiting = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(options: ProjectWatchOptions) {
    const { paths, root } = options;
    this.#options = options;
    this.#folders = new Set(['', ...paths.map(folderOf)]);
    this.#watch = new FolderWatch({
      root,
      onChange: (path) => this.#notice(path),
      onLimit: () => {},
    });
    this.#watch.set(this.#folders);
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#watch[Symbol.dispose]();
  }

  #notice(path: string): void {
    if (this.#waiting.size >= maxWaiting) return;
    this.#waiting.add(path);
    this.#timer ??= setTimeout(() => void this.#look(), settleMs);
  }

  async #look(): Promise<void> {
    this.#timer = undefined;
    const paths = [...this.#waiting];
    this.#waiting.clear();
    for (const path of paths) {
      const found = await stat(join(this.#options.root, path)).catch(() => undefined);
      if (this.#isClosed) return;
      if (found?.isFile()) this.#options.onChanged(path);
      else if (found === undefined) this.#options.onGone(path);
      else if (found.isDirectory() && isWorthLearning(`${path}/a.ts`)) this.#folders.add(path);
    }
    this.#watch.set(this.#folders);
  }
}

function folderOf(path: string): string {
  const folder = dirname(path);
  return folder === '.' ? '' : folder;
}
