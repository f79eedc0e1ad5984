import { RpcError } from '@zeke/rpc';
import type { Project } from '../project/project.ts';
import type { Snapshots } from '../snapshots/snapshots.ts';
import type { FileDiff } from '../tools/tool.ts';
import { type ChangeState, foldEntries } from './fold-entries.ts';
import type { SessionLease } from './session-lease.ts';
import { noEntry, type SessionInfo, type SessionStore } from './session-store.ts';

export interface SessionChangesOptions {
  readonly sessions: SessionStore;
  readonly snapshots: (project: Project) => Snapshots;
}

/** What an undo, a redo or a revert did to files. */
export interface ChangeReport {
  /** Relative to the project's root. */
  readonly restored: readonly string[];
  readonly kept: readonly { readonly path: string; readonly reason: string }[];
  /** From how the files were to how they are now. */
  readonly changes: readonly FileDiff[];
  /** A snapshot of the files as they were before: what `force` wrote over is in it. */
  readonly savedTree?: string;
}

type Direction = 'undo' | 'redo';

/**
 * The changes that a session made in files: shown, taken back and made again, step by step. Everything
 * but `diff` needs the session's lease, and throws as `SessionStore.acquire` does while it runs.
 */
export class SessionChanges {
  readonly #sessions: SessionStore;
  readonly #snapshots: (project: Project) => Snapshots;

  constructor(options: SessionChangesOptions) {
    this.#sessions = options.sessions;
    this.#snapshots = options.snapshots;
  }

  /**
   * Takes the last step back that changed files and was not undone. A file that somebody changed after
   * the step is kept, unless `force` is set. Throws `failed_precondition` where there is no such step.
   */
  async undo(id: string, force: boolean, signal: AbortSignal): Promise<ChangeReport> {
    await using lease = await this.#sessions.acquire(id);
    const { changes } = foldEntries(lease.entries);
    const last = changes.findLast(({ isUndone }) => !isUndone);
    if (last === undefined) throw nothingTo('undo', id);
    const step = changes.filter(({ answerSeq, isUndone }) => {
      return answerSeq === last.answerSeq && !isUndone;
    });
    return await this.#move(lease, step.toReversed(), 'undo', force, signal);
  }

  /** Makes the step again that was undone last. Throws `failed_precondition` where there is none. */
  async redo(id: string, force: boolean, signal: AbortSignal): Promise<ChangeReport> {
    await using lease = await this.#sessions.acquire(id);
    const { changes } = foldEntries(lease.entries);
    // What was done after an undo has taken the place of what was undone.
    const lastDone = changes.findLastIndex(({ isUndone }) => !isUndone);
    const first = changes[lastDone + 1];
    if (first === undefined) throw nothingTo('redo', id);
    const step = changes.filter(({ answerSeq, isUndone }) => {
      return answerSeq === first.answerSeq && isUndone;
    });
    return await this.#move(lease, step, 'redo', force, signal);
  }

  /** What the session changed, without what was undone, and without what others did in between. */
  async diff(id: string, signal: AbortSignal): Promise<readonly FileDiff[]> {
    const { info, entries } = await this.#sessions.get(id);
    const snapshots = this.#snapshots(info.project);
    const changes = foldEntries(entries).changes.filter(({ isUndone }) => !isUndone);
    const spans: { before: string; after: string }[] = [];
    for (const { change } of changes) {
      const last = spans.at(-1);
      if (last?.after === change.before) last.after = change.after;
      else spans.push({ before: change.before, after: change.after });
    }
    const diffs: FileDiff[] = [];
    for (const { before, after } of spans) {
      diffs.push(...(await snapshots.diff(before, after, signal)));
    }
    return diffs;
  }

  /**
   * Takes what came after entry `seq` out of the session, and its changes out of the files, unless
   * `keepFiles` is set. Throws `invalid_argument` for an entry that is not there.
   */
  async revert(
    id: string,
    seq: number,
    options: { readonly keepFiles?: boolean; readonly force?: boolean },
    signal: AbortSignal,
  ): Promise<ChangeReport> {
    await using lease = await this.#sessions.acquire(id);
    const { active, changes } = foldEntries(lease.entries);
    if (seq !== 0 && !active.some((entry) => entry.seq === seq)) throw noEntry(id, seq);
    const after = changes.filter((change) => change.seq > seq && !change.isUndone).toReversed();
    const undone = options.keepFiles === true ? [] : after;
    const report = await this.#move(lease, undone, 'undo', options.force === true, signal);
    await lease.append({ kind: 'revert', toSeq: seq });
    return report;
  }

  async #move(
    lease: SessionLease,
    steps: readonly ChangeState[],
    direction: Direction,
    force: boolean,
    signal: AbortSignal,
  ): Promise<ChangeReport> {
    const info = await this.#sessions.info(lease.sessionId);
    if (steps.length === 0) return { restored: [], kept: [], changes: [] };
    const snapshots = this.#snapshots(info.project);
    const also = steps.flatMap(({ change }) => absolute(info, change.paths));
    const saved = await snapshots.take(signal, also);
    const restored = new Set<string>();
    const kept = new Map<string, string>();
    for (const { seq, change } of steps) {
      const [from, to] =
        direction === 'undo' ? [change.after, change.before] : [change.before, change.after];
      const report = await snapshots.restore(from, to, { force }, signal);
      for (const path of report.restored) restored.add(path);
      for (const { path, reason } of report.kept) kept.set(path, reason);
      await lease.append({
        kind: 'undo',
        changeSeq: seq,
        direction,
        paths: [...report.restored],
        kept: report.kept.map(({ path }) => path),
      });
    }
    const now = await snapshots.take(signal, also);
    return {
      restored: [...restored],
      kept: [...kept].map(([path, reason]) => ({ path, reason })),
      changes: await snapshots.diff(saved.tree, now.tree, signal),
      savedTree: saved.tree,
    };
  }
}

function absolute({ project }: SessionInfo, paths: readonly string[]): string[] {
  return paths.map((path) => `${project.root}/${path}`);
}

function nothingTo(direction: Direction, id: string): RpcError {
  const what = direction === 'undo' ? 'no step that changed files' : 'no step that was undone';
  return new RpcError(
    'failed_precondition',
    `session ${id} has ${what}: there is nothing to ${direction}`,
  );
}
