import { lstat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { RpcError } from '@zeke/rpc';
import { waitMs } from '../agent/wait-ms.ts';
import { isEmptyFolder, listFiles } from '../project-index/list-files.ts';
import { FolderWatch } from '../project-index/watch-folders.ts';

export interface FileChangesOptions {
  /** Of the project: absolute, links resolved. */
  readonly root: string;
  /** Has the `PATH` that leads to git. */
  readonly environment: Readonly<Record<string, string>>;
  /** False: files are looked at now and then, as where they cannot be watched. Default true. */
  readonly watches?: boolean;
  /** That are watched at most. Default 2,000. */
  readonly maxFolders?: number;
  /** Changes are told when none has come for so long. Default 250 ms. */
  readonly quietMs?: number;
  /** Between two looks at all files, where they cannot be watched. Default 2,000 ms. */
  readonly pollMs?: number;
  /** Not all folders can be watched: from now on files are looked at now and then. */
  readonly onLimit: () => void;
}

/** Where changes never end, they are told after so many times `quietMs`. */
const maxQuiets = 8;
/** A look at all files is followed by a rest that is so many times as long. */
const pollRest = 10;
/** The same of listing them, which new names ask for. */
const listRest = 5;
/** Names that turned out to be ignored, as logs, are not looked for again; others are kept for one look. */
const maxNames = 1_000;
/** Watches alone do not keep a process alive: the longest time that a timer has. */
const maxTimerMs = 2 ** 31 - 1;
/** Files looked at together. */
const looksAtOnce = 64;

/**
 * Tells which files of a project change: those that git does not ignore, also new ones. What happens
 * while nobody asks is kept until somebody does. Nothing runs while nothing changes.
 */
export class FileChanges implements Disposable {
  readonly #options: FileChangesOptions;
  readonly #changed = new Set<string>();
  readonly #newNames = new Set<string>();
  readonly #ignored = new Set<string>();
  /** Seen when they were new: no listed file may tell of them yet. */
  readonly #newFolders = new Set<string>();
  #paths: readonly string[] = [];
  #known: ReadonlySet<string> = new Set();
  #isListed = false;
  #isLimited = false;
  #needsList = false;
  #listMs = 0;
  #events = 0;
  #watch: FolderWatch | undefined;
  /** By path, where files are not watched. */
  #stamps: Map<string, string> | undefined;
  #pollMs: number;
  #wake: (() => void) | undefined;

  private constructor(options: FileChangesOptions) {
    this.#options = options;
    this.#pollMs = options.pollMs ?? 2_000;
  }

  /** Throws as `listFiles` does. */
  static async open(options: FileChangesOptions, signal: AbortSignal): Promise<FileChanges> {
    const changes = new FileChanges(options);
    await changes.#list(signal);
    if (options.watches === false) await changes.#beginToPoll();
    else await changes.#watchFolders();
    return changes;
  }

  /** All files of the project, relative to its root, sorted. */
  get paths(): readonly string[] {
    return this.#paths;
  }

  /**
   * Files that were saved, made or deleted, gathered until there is quiet: at least one. Throws
   * `canceled`, and as `listFiles` does.
   */
  async next(signal: AbortSignal): Promise<readonly string[]> {
    for (;;) {
      if (this.#isQuiet) await this.#sleep(signal, this.#stamps ? this.#pollMs : maxTimerMs);
      await this.#untilQuiet(signal);
      const paths = await this.gathered(signal);
      if (paths.length > 0) return paths;
    }
  }

  /** Files that have changed up to now; often none. Throws as `next` does. */
  async gathered(signal: AbortSignal): Promise<readonly string[]> {
    if (this.#stamps !== undefined) await this.#poll(this.#stamps, signal);
    else if (this.#needsList) await this.#list(signal);
    const paths = [...this.#changed];
    this.#changed.clear();
    return paths;
  }

  [Symbol.dispose](): void {
    this.#watch?.[Symbol.dispose]();
    this.#watch = undefined;
  }

  get #isQuiet(): boolean {
    return this.#changed.size === 0 && !this.#needsList;
  }

  /** Until something happens, or the time is over. */
  async #sleep(signal: AbortSignal, ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#wake = resolve;
    signal.addEventListener('abort', this.#wake, { once: true });
    if (signal.aborted) resolve();
    await promise;
    clearTimeout(timer);
    signal.removeEventListener('abort', this.#wake);
    this.#wake = undefined;
    if (signal.aborted) throw canceled();
  }

  async #untilQuiet(signal: AbortSignal): Promise<void> {
    const { quietMs = 250 } = this.#options;
    if (this.#stamps !== undefined) return;
    const restMs = this.#needsList ? this.#listMs * listRest : 0;
    for (let round = 0; round < maxQuiets; round += 1) {
      const before = this.#events;
      await waitMs(Math.max(quietMs, restMs), signal);
      if (this.#events === before) return;
    }
  }

  #notice(path: string, isRenamed: boolean): void {
    if (path === '.git') return;
    if (path.endsWith('.gitignore')) {
      this.#ignored.clear();
      this.#needsList = true;
    } else if (this.#known.has(path)) this.#changed.add(path);
    else if (isRenamed && !this.#ignored.has(path)) {
      if (this.#newNames.size < maxNames) this.#newNames.add(path);
      this.#needsList = true;
    } else return;
    this.#events += 1;
    this.#wake?.();
  }

  /** What belongs to the project only git can say, so that all is listed when a new name is seen. */
  async #list(signal: AbortSignal): Promise<void> {
    const { environment, root } = this.#options;
    const startedAt = performance.now();
    const names = [...this.#newNames];
    this.#newNames.clear();
    this.#needsList = false;
    const { paths } = await listFiles(root, environment, signal);
    const before = this.#known;
    this.#paths = paths;
    this.#known = new Set(paths);
    if (this.#isListed) for (const path of paths) if (!before.has(path)) this.#changed.add(path);
    this.#isListed = true;
    for (const name of names) await this.#place(name, signal);
    if (this.#watch !== undefined) await this.#watchFolders();
    this.#listMs = performance.now() - startedAt;
  }

  /** What a new name turned out to be. */
  async #place(name: string, signal: AbortSignal): Promise<void> {
    if (this.#known.has(name)) return;
    const { environment, root } = this.#options;
    const isFolder = await isEmptyFolder(root, name, environment, signal);
    if (!isFolder) this.#newFolders.delete(name);
    else if (this.#newFolders.size < maxNames) this.#newFolders.add(name);
    const isThere = await lstat(join(root, name)).catch(() => undefined);
    // Names of what is gone may come back as something else.
    if (isThere && !isFolder && this.#ignored.size < maxNames) this.#ignored.add(name);
  }

  async #watchFolders(): Promise<void> {
    const { maxFolders, root } = this.#options;
    this.#watch ??= new FolderWatch({
      root,
      ...(maxFolders !== undefined && { maxFolders }),
      onChange: (path, isRenamed) => this.#notice(path, isRenamed),
      onLimit: () => {
        this.#isLimited = true;
      },
    });
    this.#watch.set(foldersOf(this.#paths, this.#newFolders));
    if (!this.#isLimited) return;
    this[Symbol.dispose]();
    this.#options.onLimit();
    await this.#beginToPoll();
  }

  async #beginToPoll(): Promise<void> {
    this.#stamps = await this.#stampAll();
  }

  async #poll(before: ReadonlyMap<string, string>, signal: AbortSignal): Promise<void> {
    const startedAt = performance.now();
    await this.#list(signal);
    const stamps = await this.#stampAll();
    for (const path of new Set([...before.keys(), ...stamps.keys()])) {
      if (before.get(path) !== stamps.get(path)) this.#changed.add(path);
    }
    this.#stamps = stamps;
    const { pollMs = 2_000 } = this.#options;
    this.#pollMs = Math.max(pollMs, (performance.now() - startedAt) * pollRest);
  }

  async #stampAll(): Promise<Map<string, string>> {
    const stamps = new Map<string, string>();
    for (let at = 0; at < this.#paths.length; at += looksAtOnce) {
      const some = this.#paths.slice(at, at + looksAtOnce);
      await Promise.all(some.map((path) => this.#stamp(path, stamps)));
    }
    return stamps;
  }

  async #stamp(path: string, stamps: Map<string, string>): Promise<void> {
    const found = await lstat(join(this.#options.root, path)).catch(() => undefined);
    if (found !== undefined) stamps.set(path, `${found.ino} ${found.mtimeMs} ${found.size}`);
  }
}

function foldersOf(paths: readonly string[], more: Iterable<string>): ReadonlySet<string> {
  const folders = new Set(['', ...more]);
  for (const path of paths) {
    for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) {
      if (folders.has(folder)) break;
      folders.add(folder);
    }
  }
  return folders;
}

function canceled(): RpcError {
  return new RpcError('canceled', 'watching was canceled');
}
