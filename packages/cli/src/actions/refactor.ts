import { RpcError } from '@zeke/rpc';
import type { AgentFlags } from '../commands/agent.ts';
import type { Context } from '../context.ts';
import type { SetExitCode } from '../exit-codes.ts';
import { placeMention } from '../place-mention.ts';
import { agent } from './agent.ts';

export interface RefactorTask {
  readonly what: string;
  /** Where alone code may become different; empty: anywhere. */
  readonly paths: readonly string[];
}

/** `zeke refactor`: an agent that runs the tests before and after, and keeps what the code does. */
export async function refactor(
  context: Context,
  { paths, what }: RefactorTask,
  flags: AgentFlags,
  setExitCode: SetExitCode,
): Promise<void> {
  if (what.trim() === '') {
    throw new RpcError('invalid_argument', 'nothing to do: zeke refactor "split it" src/server.ts');
  }
  const places = paths.map((path) => {
    const mention = placeMention(path, context.cwd);
    if (mention !== undefined) return mention;
    throw new RpcError('not_found', `${path}: there is no such file or folder here`);
  });
  const where =
    places.length === 0
      ? ''
      : `\nChange only ${places.join(' and ')}, and elsewhere what has to follow from it.`;
  await agent(context, `Refactor: ${what}${where}\n\n${how}`, flags, setExitCode);
}

const how = `What the code does must stay the same for all who use it: results, errors, order of effects, public names and types, unless the task above names them.
1. First find out how the tests are run, run those that concern this code, and note what passes and what fails. Where no test covers what you will change, say so, and write one that passes on the old code before you change it.
2. Change in small steps, each of which keeps the program whole. Mend no faults and add no features on the way: name them at the end.
3. Run the same tests again, and the type checker and linter where there are any. What passed has to pass. A test may only be changed where it names something that was renamed or moved, never in what it expects; if that cannot be, take your change back.
End with what is different now, which tests ran before and after with their counts, and what you found and left.`;
