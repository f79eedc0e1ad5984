import type { FileDiff } from '@zeke/protocol/reaper';
import type { Context } from '../context.ts';
import { printable } from '../output.ts';
import { RunPrinter } from './run-printer.ts';

/** What an undo, a redo or a revert has done to files. */
export interface ToldChanges {
  readonly changes: readonly FileDiff[];
  /** Files that somebody else changed since, and that were left alone. */
  readonly kept: readonly string[];
}

/** Tells people what became of files; `done` is the word for it. */
export function tellChanges(
  { output }: Context,
  { changes, kept }: ToldChanges,
  done: string,
): void {
  const { yellow } = output.styles;
  const printer = new RunPrinter(output);
  for (const change of changes) printer.diff(change);
  for (const path of kept) {
    output.line(
      yellow(`kept ${printable(path)}: it was changed since; --force takes it back, too`),
    );
  }
  const files = `${changes.length} ${changes.length === 1 ? 'file' : 'files'}`;
  output.line(`${done}: ${changes.length === 0 ? 'no file was changed' : files}`);
}
