import { relative } from 'node:path';
import type { AgentEvent } from '../agent/agent-event.ts';
import { shownPath } from '../snapshots/changed-file.ts';
import type { Snapshots } from '../snapshots/snapshots.ts';
import { isTestFile } from './test-files.ts';

/** How long putting files back may take, in milliseconds: it goes on when the rest is canceled. */
const restoreTimeoutMs = 60_000;

/** A file with tests that the agent made or changed; the path is relative to the project's root. */
export interface ChangedTest {
  readonly path: string;
  readonly isNew: boolean;
}

/** The tests that an agent writes, seen by snapshots, so that they can be taken back. */
export class TestChanges {
  readonly #snapshots: Snapshots;
  readonly #before: string;
  readonly #touched = new Set<string>();

  private constructor(snapshots: Snapshots, before: string) {
    this.#snapshots = snapshots;
    this.#before = before;
  }

  /** From now on. */
  static async begin(snapshots: Snapshots, signal: AbortSignal): Promise<TestChanges> {
    return new TestChanges(snapshots, (await snapshots.take(signal)).tree);
  }

  /** Files of others, who work in the project at the same time, are not those of the agent. */
  note(event: AgentEvent): void {
    if (event.type === 'subagent') this.note(event.event);
    if (event.type !== 'tool-result') return;
    for (const { path } of event.changes) this.#touched.add(path);
  }

  /** Tests that are not as they were, in order; and whether `target` (absolute) is. */
  async list(
    root: string,
    target: string,
    signal: AbortSignal,
  ): Promise<{ tests: readonly ChangedTest[]; isTargetChanged: boolean; tree: string }> {
    const { tree } = await this.#snapshots.take(signal);
    const files = await this.#snapshots.changes(this.#before, tree, signal);
    const named = files.map((file) => ({ ...file, path: shownPath(file.bytePath) }));
    const tests = named
      .filter(({ after, path }) => after !== undefined && this.#touched.has(path))
      .filter(({ path }) => isTestFile(path))
      .map(({ before, path }) => ({ path, isNew: before === undefined }));
    return {
      tests,
      tree,
      isTargetChanged: named.some(({ path }) => path === relative(root, target)),
    };
  }

  /**
   * Puts these back as they were before the agent came. Tells of those that somebody else has changed in
   * the meantime: they are left as they are.
   */
  async takeBack(paths: readonly string[]): Promise<readonly string[]> {
    if (paths.length === 0) return [];
    const signal = AbortSignal.timeout(restoreTimeoutMs);
    const { tree } = await this.#snapshots.take(signal);
    const options = { force: false, only: new Set(paths) };
    const { kept } = await this.#snapshots.restore(tree, this.#before, options, signal);
    return kept.map(({ path }) => path);
  }

  /** All that the agent touched and that holds tests. */
  async takeAllBack(): Promise<void> {
    await this.takeBack([...this.#touched].filter(isTestFile));
  }
}
