import { relative } from 'node:path';
import { RpcError } from '@zeke/rpc';
import type { Project } from '../project/project.ts';
import { isWithin } from '../project/resolve-path.ts';
import type { FileDiff } from '../tools/tool.ts';
import { type ChangedFile, parseRawDiff, shownPath } from './changed-file.ts';
import { listChanges, type SkippedFile } from './list-changes.ts';
import { parsePatch } from './parse-patch.ts';
import { type RestoreReport, restoreFiles } from './restore-files.ts';
import { ShadowRepository } from './shadow-repository.ts';

/** How much of one diff is given, in files: those after are left out. */
const maxDiffFiles = 500;
/** References by day, under which trees are kept from git's garbage collection. */
const references = 'refs/zeke/';
const dayMs = 86_400_000;

export interface SnapshotsOptions {
  readonly project: Project;
  /** The folder of all snapshots, `$ZEKE_HOME/snapshots`. */
  readonly folder: string;
  /** `PATH`, by which git is found. */
  readonly path: string;
  readonly now: () => number;
}

export interface Snapshot {
  /** Names the state of all files: equal states have equal names. */
  readonly tree: string;
  readonly skipped: readonly SkippedFile[];
}

export interface CollectOptions {
  readonly maxAgeMs: number;
  readonly maxBytes: number;
}

/**
 * The files of one project as they were, in a git repository of zeke's own. Kept are all files that git
 * would not ignore, tracked or not, up to 10 MiB each; repositories within the project are not. The
 * project may be a git repository or not: its own `.git` is left alone. Calls of several processes wait
 * for each other. Throws as `runGit` does, `unavailable` where another process holds the snapshots for
 * over 10 seconds, and `resource_exhausted` for a folder too large.
 */
export class Snapshots {
  readonly #shadow: ShadowRepository;
  readonly #project: Project;
  readonly #now: () => number;
  readonly #kept = new Set<string>();
  /** The newest tree, and the index that it was written from. */
  #last: { readonly tree: string; readonly index: string } | undefined;

  constructor(options: SnapshotsOptions) {
    this.#shadow = new ShadowRepository(options);
    this.#project = options.project;
    this.#now = options.now;
  }

  /**
   * Keeps the files as they are. `paths` (absolute) are kept even where the project ignores them:
   * those that a tool is about to write. With `only` no other file is looked at: all else is as in the
   * snapshot before, whoever has changed it since.
   */
  async take(signal: AbortSignal, paths: readonly string[] = [], only = false): Promise<Snapshot> {
    return this.#shadow.locked(signal, async () => {
      try {
        return await this.#take(paths, only, signal);
      } catch (error) {
        if (RpcError.from(error).code !== 'internal') throw error;
        // An index or an object that a crash has damaged: all files are read again, once.
        await this.#shadow.dropIndex();
        this.#last = undefined;
        return await this.#take(paths, false, signal);
      }
    });
  }

  /** The files that two snapshots differ in. Throws `not_found` where one is no longer kept. */
  async changes(before: string, after: string, signal: AbortSignal): Promise<ChangedFile[]> {
    if (before === after) return [];
    const args = ['diff-tree', '-r', '-z', '--raw', '--no-renames', before, after];
    return parseRawDiff(await this.#read(args, signal));
  }

  /** The same as diffs for people, of at most 500 files. */
  async diff(before: string, after: string, signal: AbortSignal): Promise<FileDiff[]> {
    if (before === after) return [];
    const base = ['diff', '--no-renames', '--no-color', '--no-ext-diff', '--no-textconv'];
    const [numstat, patch] = await Promise.all([
      this.#read([...base, '--numstat', '-z', before, after], signal),
      this.#read([...base, '-U3', before, after], signal),
    ]);
    return parsePatch(numstat, patch).slice(0, maxDiffFiles);
  }

  /**
   * Puts files back as they were in `to`, where they are as in `from`: `restoreFiles` has the rest. With
   * `only` those alone, relative to the project's root.
   */
  async restore(
    from: string,
    to: string,
    options: { readonly force: boolean; readonly only?: ReadonlySet<string> },
    signal: AbortSignal,
  ): Promise<RestoreReport> {
    const { only } = options;
    const files = (await this.changes(to, from, signal)).filter(
      ({ bytePath }) => only?.has(shownPath(bytePath)) ?? true,
    );
    return this.#shadow.locked(signal, () =>
      restoreFiles(this.#shadow, files, { ...options, signal }),
    );
  }

  /**
   * Lets go of snapshots that are older, and of the oldest ones while the repository is larger. Those of
   * this day stay.
   */
  async collect({ maxAgeMs, maxBytes }: CollectOptions, signal: AbortSignal): Promise<void> {
    await this.#shadow.locked(signal, async () => {
      const today = this.#day();
      const oldest = Math.floor((this.#now() - maxAgeMs) / dayMs);
      const days = await this.#days(signal);
      const drop = days.filter((day) => day < oldest && day < today);
      await this.#dropDays(drop, signal);
      for (const day of days.slice(drop.length)) {
        if (day >= today || (await this.#sizeBytes(signal)) <= maxBytes) return;
        await this.#dropDays([day], signal);
      }
    });
  }

  async #take(paths: readonly string[], only: boolean, signal: AbortSignal): Promise<Snapshot> {
    const also = paths
      .filter((path) => path !== this.#project.root && isWithin(this.#project.root, path))
      .map((path) => Buffer.from(relative(this.#project.root, path)).toString('latin1'));
    const { added, removed, skipped } = await listChanges(this.#shadow, also, only, signal);
    await this.#updateIndex(['--force-remove'], removed, signal);
    await this.#updateIndex(['--add', '--remove', '--replace'], added, signal);
    const index = await this.#shadow.indexStamp();
    if (this.#last?.index !== index) {
      const tree = (await this.#shadow.git(['write-tree'], signal)).toString('latin1').trim();
      // Writing the tree notes in the index what was written.
      this.#last = { tree, index: await this.#shadow.indexStamp() };
    }
    await this.#keep(this.#last.tree);
    return { tree: this.#last.tree, skipped };
  }

  async #updateIndex(
    how: readonly string[],
    paths: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    if (paths.length === 0) return;
    const input = Buffer.from(paths.map((path) => `${path}\0`).join(''), 'latin1');
    await this.#shadow.git(['update-index', ...how, '-z', '--stdin'], signal, input);
  }

  async #keep(tree: string): Promise<void> {
    const reference = `${references}${this.#day()}/${tree}`;
    if (this.#kept.has(reference)) return;
    await this.#shadow.keep(reference, tree);
    this.#kept.add(reference);
  }

  async #read(args: readonly string[], signal: AbortSignal): Promise<Buffer> {
    try {
      return await this.#shadow.git(args, signal);
    } catch (error) {
      if (!/bad object|unable to read tree|not a tree/.test(String(error))) throw error;
      throw new RpcError(
        'not_found',
        'the files as they were are no longer kept: snapshots have been cleaned up since',
        { cause: error },
      );
    }
  }

  #day(): number {
    return Math.floor(this.#now() / dayMs);
  }

  /** The oldest first. */
  async #days(signal: AbortSignal): Promise<number[]> {
    const names = await this.#shadow.git(
      ['for-each-ref', '--format=%(refname)', references],
      signal,
    );
    const days = names
      .toString('latin1')
      .split('\n')
      .filter(Boolean)
      .map((name) => Number(name.slice(references.length).split('/')[0]));
    return [...new Set(days)].sort((a, b) => a - b);
  }

  async #dropDays(days: readonly number[], signal: AbortSignal): Promise<void> {
    if (days.length === 0) return;
    for (const day of days) {
      const names = await this.#shadow.git(
        ['for-each-ref', '--format=delete %(refname)', `${references}${day}/`],
        signal,
      );
      await this.#shadow.git(['update-ref', '--stdin'], signal, names);
    }
    this.#kept.clear();
    await this.#shadow.git(['gc', '--quiet', '--prune=now'], signal);
  }

  async #sizeBytes(signal: AbortSignal): Promise<number> {
    const text = (await this.#shadow.git(['count-objects', '-v'], signal)).toString('latin1');
    const kib = (name: string) =>
      Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(text)?.[1] ?? 0) * 1024;
    return kib('size') + kib('size-pack');
  }
}
