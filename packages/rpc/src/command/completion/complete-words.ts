import type { Context } from '../context.ts';
import { createProgram } from '../program.ts';
import { type Candidate, formatCandidate, shells } from './candidate.ts';
import { complete } from './complete.ts';
import { lookUpNamesIn } from './look-up-names.ts';

/** What may follow the words after the program's name; the last is the one at the cursor. */
export function completeWords(context: Context, words: readonly string[]): Promise<Candidate[]> {
  const program = createProgram(context, () => {});
  return complete(program, words, lookUpNamesIn(context));
}

/** `zrpc __complete <shell> <words…>`, which the completion scripts call. */
export async function printCandidates(context: Context, args: readonly string[]): Promise<void> {
  const shell = shells.find((each) => each === args[0]);
  if (shell === undefined) return;
  for (const candidate of await completeWords(context, args.slice(1))) {
    context.output.line(formatCandidate(shell, candidate));
  }
}
