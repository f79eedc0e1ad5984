import type { Action } from '../permissions/action.ts';
import type { EntryOf } from '../sessions/session-entry.ts';
import { shownPath } from '../snapshots/changed-file.ts';
import type { SkippedFile } from '../snapshots/list-changes.ts';
import type { FileDiff } from '../tools/tool.ts';
import type { RunParts } from './run-parts.ts';

/** How many skipped files one notice names. */
const maxNamed = 10;
/** How long looking for changes may take, in milliseconds: it goes on when the run is canceled. */
const lookTimeoutMs = 120_000;

/** The files before calls that can change them. */
export interface Watched {
  readonly tree: string;
  readonly also: readonly string[];
  /** The calls write to these files and to no others. */
  readonly isExact: boolean;
}

/** Sees what calls of one step change in files, by snapshots before and after them. */
export class ChangeWatch {
  readonly #parts: RunParts;
  readonly #step: number;

  constructor(parts: RunParts, step: number) {
    this.#parts = parts;
    this.#step = step;
  }

  /**
   * Before calls that would do this, and `mayDoMore`: a hook may change other files after them. Undefined
   * where there are no snapshots.
   */
  async begin(actions: readonly Action[], mayDoMore = false): Promise<Watched | undefined> {
    const { snapshots, lease, signal } = this.#parts;
    if (snapshots === undefined) return undefined;
    const also = actions.flatMap((action) => (action.kind === 'write' ? [action.path] : []));
    const { tree, skipped } = await snapshots.take(signal, also);
    await lease.append({ kind: 'snapshot', step: this.#step, tree, also });
    await this.#tellSkipped(skipped);
    const writes = actions.some(({ kind }) => kind === 'write');
    const isExact = !mayDoMore && writes && actions.every(isOfFiles);
    return { tree, also, isExact };
  }

  /** What changed since; to be appended together with the results of the calls. */
  async end(before: Watched | undefined): Promise<EntryOf<'change'> | undefined> {
    const { snapshots, guard, isApart } = this.#parts;
    if (snapshots === undefined || before === undefined) return undefined;
    const signal = AbortSignal.timeout(lookTimeoutMs);
    const { tree } = await snapshots.take(signal, before.also, before.isExact);
    const changed = await snapshots.changes(before.tree, tree, signal);
    const paths = changed.map(({ bytePath }) => shownPath(bytePath));
    if (paths.length > 0) guard.clear();
    const step = this.#step;
    const change = { kind: 'change', step, before: before.tree, after: tree, paths } as const;
    return isApart ? { ...change, isApart } : change;
  }

  /** For a tool that does not say itself what it changed. */
  async diffs(change: EntryOf<'change'> | undefined): Promise<readonly FileDiff[]> {
    const { snapshots } = this.#parts;
    if (snapshots === undefined || change === undefined || change.paths.length === 0) return [];
    return snapshots.diff(change.before, change.after, AbortSignal.timeout(lookTimeoutMs));
  }

  async #tellSkipped(skipped: readonly SkippedFile[]): Promise<void> {
    const { channel, toldSkipped } = this.#parts;
    const news = skipped.filter(({ path }) => !toldSkipped.has(path));
    if (news.length === 0) return;
    for (const { path } of news) toldSkipped.add(path);
    const named = news.slice(0, maxNamed).map(({ path, reason }) => `${path} (${reason})`);
    const more = news.length > maxNamed ? ` and ${news.length - maxNamed} more` : '';
    const text = `Changes in these cannot be undone: ${named.join(', ')}${more}`;
    await channel.send({ type: 'notice', text });
  }
}

function isOfFiles({ kind }: Action): boolean {
  return kind === 'write' || kind === 'read';
}
