import { dirname, join } from 'node:path';
import { RpcError } from '@zeke/rpc';
import type { SkipReason } from './file-symbols.ts';
import { isEmptyFolder, listFiles } from './list-files.ts';
import type { ParserThread } from './parser-thread.ts';
import type { FileOutcome, FileStamp } from './read-file-symbols.ts';
import { SymbolTable } from './symbol-table.ts';
import { FolderWatch } from './watch-folders.ts';

export interface CodeIndexOptions {
  /** Of the project: absolute, links resolved. */
  readonly root: string;
  /** Shared by all projects. */
  readonly parser: Pick<ParserThread, 'parse'>;
  /** Has the `PATH` that leads to git. */
  readonly environment: Readonly<Record<string, string>>;
  /** `$ZEKE_HOME`: what was learned is kept there, so that the next start is quick. */
  readonly home?: string;
  /** Default true: changes are seen as they happen. */
  readonly watches?: boolean;
  /** Changes within this time of the first are taken in together. Default 150 ms. */
  readonly debounceMs?: number;
  /** In milliseconds. Default: the monotonic clock. */
  readonly now?: () => number;
}

export interface CodeIndexStats {
  /** All of the project, with symbols or without. */
  readonly files: number;
  readonly parsedFiles: number;
  readonly definitions: number;
  readonly references: number;
  readonly skipped: Readonly<Partial<Record<SkipReason, number>>>;
  /** The first build is done. */
  readonly isBuilt: boolean;
  /** The project has more files than are listed. */
  readonly isCut: boolean;
  readonly watchedFolders: number;
  /** All folders are watched; else files are looked at again when the index is asked after a while. */
  readonly isWatched: boolean;
  /** Of the first build, until all files were in. */
  readonly buildMs?: number;
}

interface KnownFile {
  readonly stamp: FileStamp;
  readonly reason?: SkipReason;
}

/** Beyond so many changes at once, as after a checkout, all files are looked at. */
const maxSingleChanges = 200;
/** Where changes are not seen, what is known is trusted for this long. */
const maxUnwatchedAgeMs = 10_000;
/** After a scan that was asked for by a new name, the next one waits so many times as long. */
const scanRest = 10;
/** Names looked at after a scan, for folders that have nothing in them yet. */
const maxNewNames = 100;
/** New files that turned out to be ignored, as logs that come and go, are not looked for again. */
const maxIgnored = 1_000;

/**
 * What is defined and named where in one project: built in the background on another thread, kept as
 * files change. Asking never waits: before the first build is done there is less to find.
 */
export class CodeIndex implements AsyncDisposable {
  readonly table = new SymbolTable();
  readonly root: string;
  readonly #options: CodeIndexOptions;
  readonly #known = new Map<string, KnownFile>();
  readonly #stop = new AbortController();
  readonly #now: () => number;
  #watch: FolderWatch | undefined;
  #isLimited = false;
  readonly #changed = new Set<string>();
  readonly #ignored = new Set<string>();
  readonly #newNames = new Set<string>();
  #needsScan = false;
  #scanMs = 0;
  #debounce: Timer | undefined;
  #work: Promise<void> = Promise.resolve();
  #built: Promise<void> | undefined;
  #isBuilt = false;
  #isCut = false;
  #buildMs: number | undefined;
  #scannedAt = Number.NEGATIVE_INFINITY;
  #sortedFiles: readonly string[] | undefined;

  constructor(options: CodeIndexOptions) {
    this.#options = options;
    this.root = options.root;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Begins to build, once; resolves when it is done. Throws `canceled` and `unavailable`. */
  async build(): Promise<void> {
    this.#built ??= this.#enqueue(async () => {
      const startedAt = this.#now();
      await this.#scan(this.#cacheFile());
      this.#isBuilt = true;
      this.#buildMs = this.#now() - startedAt;
    });
    await this.#built;
  }

  /** Waits until all changes that were seen are taken in; looks for them where nothing is watched. */
  async refresh(): Promise<void> {
    await this.build();
    const isOld = this.#now() - this.#scannedAt > maxUnwatchedAgeMs;
    if (!this.#isWatched && isOld) this.#needsScan = true;
    await this.#flush();
  }

  /** Looks at all files again. */
  async rescan(): Promise<void> {
    await this.build();
    this.#needsScan = true;
    await this.#flush();
  }

  /** Takes in files (relative to the root) that are known to have changed, come or gone, watched or not. */
  async update(paths: readonly string[]): Promise<void> {
    for (const path of paths) this.#mark(path, true);
    if (this.#isBuilt) await this.#flush();
  }

  /** All files of the project, sorted. */
  files(): readonly string[] {
    this.#sortedFiles ??= [...this.#known.keys()].toSorted();
    return this.#sortedFiles;
  }

  stats(): CodeIndexStats {
    const skipped: Partial<Record<SkipReason, number>> = {};
    for (const { reason } of this.#known.values()) {
      if (reason !== undefined) skipped[reason] = (skipped[reason] ?? 0) + 1;
    }
    return {
      files: this.#known.size,
      parsedFiles: this.table.size,
      definitions: this.table.definitionCount,
      references: this.table.referenceCount,
      skipped,
      isBuilt: this.#isBuilt,
      isCut: this.#isCut,
      watchedFolders: this.#watch?.size ?? 0,
      isWatched: this.#isWatched,
      ...(this.#buildMs !== undefined && { buildMs: Math.round(this.#buildMs) }),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#debounce);
    this.#stop.abort();
    this.#watch?.[Symbol.dispose]();
    await this.#work;
  }

  get #isWatched(): boolean {
    return this.#watch !== undefined && !this.#isLimited;
  }

  #cacheFile(): string | undefined {
    const { home, root } = this.#options;
    if (home === undefined) return undefined;
    const name = new Bun.CryptoHasher('sha256').update(root).digest('hex').slice(0, 32);
    return join(home, 'index', `${name}.jsonl`);
  }

  /** One work after the other. */
  #enqueue(work: () => Promise<void>): Promise<void> {
    const done = this.#work.then(async () => {
      if (this.#stop.signal.aborted) throw new RpcError('canceled', 'the index was closed');
      await work();
    });
    this.#work = done.catch(() => {});
    return done;
  }

  async #scan(cacheFile?: string): Promise<void> {
    const { root, environment } = this.#options;
    const { signal } = this.#stop;
    const startedAt = this.#now();
    const listed = await listFiles(root, environment, signal);
    this.#isCut = listed.isCut;
    const paths = new Set(listed.paths);
    const emptyFolders: string[] = [];
    for (const path of this.#newNames) {
      if (await isEmptyFolder(root, path, environment, signal)) emptyFolders.push(path);
    }
    this.#newNames.clear();
    // Watched before they are read, so that no change falls between.
    this.#watchFoldersOf(listed.paths, emptyFolders);
    for (const path of this.#known.keys()) if (!paths.has(path)) this.#forget(path);
    await this.#parse(listed.paths, cacheFile);
    this.#scannedAt = this.#now();
    this.#scanMs = this.#scannedAt - startedAt;
  }

  async #parse(paths: readonly string[], cacheFile?: string): Promise<void> {
    const files = paths.map((path) => {
      const stamp = this.#known.get(path)?.stamp;
      return stamp === undefined ? { path } : { path, stamp };
    });
    const job = {
      root: this.root,
      files,
      onOutcomes: (outcomes: readonly { path: string; outcome: FileOutcome }[]) => {
        for (const { path, outcome } of outcomes) this.#take(path, outcome);
      },
      ...(cacheFile !== undefined && { cacheFile }),
    };
    await this.#options.parser.parse(job, this.#stop.signal);
  }

  #take(path: string, outcome: FileOutcome): void {
    if (outcome.kind === 'same') return;
    if (outcome.kind === 'skipped' && outcome.reason === 'gone') {
      this.#forget(path);
      return;
    }
    if (!this.#known.has(path)) this.#sortedFiles = undefined;
    if (outcome.kind === 'parsed') {
      this.#known.set(path, { stamp: outcome.stamp });
      this.table.set(path, outcome.symbols);
    } else {
      this.#known.set(path, { stamp: outcome.stamp, reason: outcome.reason });
      this.table.delete(path);
    }
  }

  #forget(path: string): void {
    if (this.#known.delete(path)) this.#sortedFiles = undefined;
    this.table.delete(path);
  }

  #watchFoldersOf(paths: readonly string[], more: readonly string[]): void {
    if (this.#options.watches === false) return;
    this.#isLimited = false;
    this.#watch ??= new FolderWatch({
      root: this.root,
      onChange: (path, isRenamed) => this.#notice(path, isRenamed),
      onLimit: () => {
        this.#isLimited = true;
      },
    });
    const folders = new Set(['', ...more]);
    for (const path of paths) {
      for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) {
        if (folders.has(folder)) break;
        folders.add(folder);
      }
    }
    this.#watch.set(folders);
  }

  /**
   * What a change makes necessary; false where it is none of the project. Whether a new name belongs to the
   * project only git can say, so that all are listed then.
   */
  #mark(path: string, isRenamed: boolean): boolean {
    if (path === '.git') return false;
    if (path.endsWith('.gitignore')) {
      this.#ignored.clear();
      this.#needsScan = true;
      return true;
    }
    if (this.#known.has(path)) {
      this.#changed.add(path);
      return true;
    }
    if (!isRenamed || this.#ignored.has(path)) return false;
    if (this.#ignored.size < maxIgnored) this.#ignored.add(path);
    if (this.#newNames.size < maxNewNames) this.#newNames.add(path);
    this.#needsScan = true;
    return true;
  }

  #notice(path: string, isRenamed: boolean): void {
    if (!this.#mark(path, isRenamed)) return;
    if (this.#debounce !== undefined) return;
    const { debounceMs = 150 } = this.#options;
    // A build that writes files for minutes must not keep the index at work all the time.
    const delayMs = this.#needsScan ? Math.max(debounceMs, this.#scanMs * scanRest) : debounceMs;
    this.#debounce = setTimeout(() => {
      this.#flush().catch(() => {});
    }, delayMs);
    this.#debounce.unref();
  }

  async #flush(): Promise<void> {
    clearTimeout(this.#debounce);
    this.#debounce = undefined;
    await this.#enqueue(async () => {
      const changed = [...this.#changed];
      const scans = this.#needsScan || changed.length > maxSingleChanges;
      this.#changed.clear();
      this.#needsScan = false;
      if (scans) await this.#scan();
      else if (changed.length > 0) await this.#parse(changed);
    });
  }
}
