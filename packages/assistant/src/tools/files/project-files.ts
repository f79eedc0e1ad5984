import { RpcError } from '@zeke/rpc';
import type { FileChangeKind } from '../../permissions/action.ts';
import { requireAllowed } from '../require-allowed.ts';
import type { FileDiff, ToolContext } from '../tool.ts';
import { commitChanges } from './commit-changes.ts';
import type { FileChange } from './file-change.ts';
import { ReadLedger } from './read-ledger.ts';
import { decodeText } from './text-form.ts';
import { binaryDiff, unifiedDiff } from './unified-diff.ts';

/** What became of one file. */
export interface ChangedFile {
  readonly kind: FileChangeKind;
  readonly diff: FileDiff;
}

/**
 * The files of projects as tools change them: one change at a time, and with a memory of what each
 * session has read. One for the whole daemon.
 */
export class ProjectFiles {
  readonly ledger = new ReadLedger();
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Plans changes and carries them out, all or none, while nobody else does so here. Gives the diffs;
   * the session knows the files as they are then. Throws what the plan throws, `aborted` for a file
   * that the call was not allowed to change, and what `commitChanges` does.
   */
  async change(
    context: ToolContext,
    plan: () => Promise<readonly FileChange[]>,
  ): Promise<readonly ChangedFile[]> {
    return await this.#alone(context.signal, async () => {
      const changes = await plan();
      for (const { target } of changes) requireAllowed(context.allowed, 'write', target.path);
      await commitChanges(changes);
      for (const { after, target } of changes) {
        if (after) this.ledger.note(context.sessionId, target.path, after);
        else this.ledger.forget(context.sessionId, target.path);
      }
      return changes.map((change) => ({ kind: kindOf(change), diff: diffOf(change) }));
    });
  }

  /** The diffs of what a plan would change; none where it fails, since the call itself will tell. */
  async preview(plan: () => Promise<readonly FileChange[]>): Promise<readonly FileDiff[]> {
    try {
      return (await plan()).map(diffOf);
    } catch (reason) {
      if (reason instanceof RpcError) return [];
      throw reason;
    }
  }

  async #alone<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(() => {
      if (signal.aborted) throw new RpcError('canceled', 'the call was canceled: nothing changed');
      return work();
    });
    this.#last = mine.catch(() => undefined);
    return await mine;
  }
}

function kindOf({ after, before }: FileChange): FileChangeKind {
  if (after === undefined) return 'delete';
  return before === undefined ? 'create' : 'modify';
}

function diffOf({ after, before, target }: FileChange): FileDiff {
  const old = before && decodeText(before.bytes);
  const now = after && decodeText(after);
  if ((before && !old) || (after && !now)) return binaryDiff(target.shown);
  return unifiedDiff(target.shown, old?.text, now?.text);
}
