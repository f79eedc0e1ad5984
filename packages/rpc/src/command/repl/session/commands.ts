import { RpcError } from '../../../rpc-error.ts';
import { didYouMean } from '../../nearest.ts';
import { callCommand, cancelCommand, endCommand, sendCommand } from './call-commands.ts';
import type { ReplCommand } from './command.ts';
import { loadCommand, replayCommand, saveCommand } from './file-commands.ts';
import { connectCommand, helpCommand, historyCommand, quitCommand } from './other-commands.ts';
import { describeCommand, exampleCommand, listCommand } from './schema-commands.ts';
import type { Session } from './session.ts';
import {
  headerCommand,
  letCommand,
  setCommand,
  showCommand,
  unsetCommand,
  varsCommand,
} from './state-commands.ts';

/** All of them, in the order in which help tells of them. */
export const commands: readonly ReplCommand[] = [
  callCommand,
  sendCommand,
  endCommand,
  cancelCommand,
  listCommand,
  describeCommand,
  exampleCommand,
  connectCommand,
  headerCommand,
  letCommand,
  varsCommand,
  unsetCommand,
  setCommand,
  saveCommand,
  loadCommand,
  replayCommand,
  historyCommand,
  helpCommand(() => commands),
  quitCommand,
];

const aliases: Readonly<Record<string, string>> = { exit: 'quit', desc: 'describe', '?': 'help' };

/**
 * The command that an input means, and what follows its name: `list`, `:list`, `Service/Method …` for a
 * call, JSON alone for a message of the open stream, `$name` to look at it.
 * @throws RpcError invalid_argument for what means nothing.
 */
export function commandFor(
  session: Session,
  input: string,
): { readonly command: ReplCommand; readonly rest: string } {
  const text = input.trim();
  if (/^[{["@]/.test(text) && session.call !== undefined)
    return { command: sendCommand, rest: text };
  if (text.startsWith('$')) return { command: showCommand, rest: text };
  const [, name = '', rest = ''] = /^:?(\S+)\s*([\s\S]*)$/.exec(text) ?? [];
  const command = commandNamed(name);
  if (command !== undefined) return { command, rest };
  if (/^[\w.]+\/\w*/.test(text) || /^[\w]+(?:\.\w+)+(?:\s|$)/.test(text)) {
    return { command: callCommand, rest: text };
  }
  if (/^[{[]/.test(text)) {
    throw new RpcError('failed_precondition', 'no stream is open that could be sent this');
  }
  const hint = didYouMean(
    name,
    commands.map((each) => each.name),
  );
  throw new RpcError(
    'invalid_argument',
    `${name} is no command${hint || ': help tells what there is'}; a call is Service/Method {…}`,
  );
}

/** By its name or its alias. */
export function commandNamed(name: string): ReplCommand | undefined {
  const known = Object.hasOwn(aliases, name) ? aliases[name] : name;
  return commands.find((each) => each.name === known);
}
