import { RunPrinter } from '../agent/run-printer.ts';
import { type ToldChanges, tellChanges } from '../agent/tell-changes.ts';
import type { UndoFlags } from '../commands/undo.ts';
import type { Context } from '../context.ts';
import { openDaemon } from '../open-daemon.ts';

/** `zeke undo` */
export async function undo(context: Context, flags: UndoFlags): Promise<void> {
  await using client = await openDaemon(context, flags);
  tell(context, flags, await client.session.undo(requestOf(context, flags)), 'undone');
}

/** `zeke redo` */
export async function redo(context: Context, flags: UndoFlags): Promise<void> {
  await using client = await openDaemon(context, flags);
  tell(context, flags, await client.session.redo(requestOf(context, flags)), 'done again');
}

/** `zeke diff` */
export async function diff(context: Context, flags: UndoFlags): Promise<void> {
  const { output } = context;
  await using client = await openDaemon(context, flags);
  const { changes } = await client.session.diff(requestOf(context, flags));
  if (flags.json) output.json({ changes });
  else if (!output.isTerminal) for (const change of changes) output.write(change.diff);
  else if (changes.length === 0) output.line('no file was changed');
  else for (const change of changes) new RunPrinter(output).diff(change);
}

function requestOf({ cwd }: Context, { force = false, session = '' }: UndoFlags) {
  return { sessionId: session, cwd, force };
}

function tell(
  context: Context,
  flags: UndoFlags,
  { changes, kept }: ToldChanges,
  done: string,
): void {
  if (flags.json) context.output.json({ changes, kept });
  else tellChanges(context, { changes, kept }, done);
}
