import { type CaseName, caseNames } from '../cases/case-names.ts';
import { type ProgramOptions, runProgram } from '../support/program.ts';
import type { Tell } from './peer.ts';

/**
 * Runs a client that writes `{"case": …}` for each case, with `"fault"` when it failed.
 * @throws Error with what it wrote to the standard error when it ends otherwise than with 0.
 */
export async function runJsonLines(
  command: readonly string[],
  tell: Tell,
  options: ProgramOptions = {},
): Promise<void> {
  const onLine = (line: string): void => {
    if (!line.startsWith('{')) return;
    const { case: name, fault } = JSON.parse(line) as { case: string; fault?: string };
    const known = caseNames.find((one) => one === name);
    if (known !== undefined) tell(known, fault);
  };
  const { exitCode, errors } = await runProgram(command, { ...options, onLine });
  if (exitCode !== 0) throw new Error(`it ended with ${exitCode}: ${errors.trim().slice(-2_000)}`);
}

/** All cases that another client can have, but these. */
export function allBut(...names: readonly CaseName[]): readonly CaseName[] {
  return caseNames.filter((name) => name !== 'orderly_close' && !names.includes(name));
}
