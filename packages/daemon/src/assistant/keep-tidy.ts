import { type SessionStore, sweepSnapshots, sweepWorktrees } from '@zeke/assistant';
import type { Logger } from '@zeke/foundation';

export interface TidyOptions {
  readonly sessions: SessionStore;
  /** Of snapshots: absolute. */
  readonly folder: string;
  /** Of worktrees: absolute. */
  readonly worktrees: string;
  /** `PATH`, by which git is found. */
  readonly path: string;
  /** Sessions that were not used for so long are deleted, in milliseconds; 0: none. */
  readonly keepMs: number;
  readonly log: Logger;
  readonly now: () => number;
}

const dayMs = 86_400_000;
/** Snapshots of one project that were not taken lately may take so much, in bytes. */
const maxSnapshotBytes = 2 * 1024 * 1024 * 1024;
/** Of snapshots, where sessions are kept for ever. */
const defaultKeepMs = 90 * dayMs;

/** Deletes what is too old, once a day, until it is disposed of. What goes wrong is told in the log. */
export function keepTidy(options: TidyOptions): AsyncDisposable {
  const stopping = new AbortController();
  let running = Promise.resolve();
  const tidy = () => {
    running = running.then(() => tidyOnce(options, stopping.signal));
  };
  const timer = setInterval(tidy, dayMs);
  timer.unref();
  tidy();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      stopping.abort();
      await running;
    },
  };
}

async function tidyOnce(
  { folder, keepMs, log, now, path, sessions, worktrees }: TidyOptions,
  signal: AbortSignal,
): Promise<void> {
  try {
    // Before sessions are deleted, which say whose they are.
    const left = await sweepWorktrees({ sessions, worktrees: { folder: worktrees, path } }, signal);
    for (const { folder: at, reason, sessionId } of left) {
      log.warn('a run that was cut off has left a worktree', { folder: at, reason, sessionId });
    }
    const deleted = keepMs === 0 ? 0 : await sessions.sweep(now() - keepMs);
    if (deleted > 0) log.info('old sessions were deleted', { deleted });
    const maxAgeMs = keepMs === 0 ? defaultKeepMs : keepMs;
    const limits = { maxAgeMs, maxBytes: maxSnapshotBytes };
    const failures = await sweepSnapshots({ folder, path, now, ...limits }, signal);
    for (const { error, root } of failures) {
      if (!signal.aborted) log.warn('old snapshots cannot be deleted', { root, err: error });
    }
  } catch (err) {
    if (!signal.aborted) log.warn('old sessions cannot be deleted', { err });
  }
}
