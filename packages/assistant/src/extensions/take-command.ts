import { nearest } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { type PermissionMode, stricter } from '../permissions/mode.ts';
import type { SlashCommand } from './extensions.ts';

/** An instruction that called a command. */
export interface TakenCommand {
  readonly command: SlashCommand;
  /** The command's words, with the arguments in their places. */
  readonly instruction: string;
}

/**
 * The command that an instruction calls, as `/NAME arguments`; undefined for words that are none: a path
 * is no name. Throws `invalid_argument` for a name that no command has.
 */
export function takeCommand(
  instruction: string,
  commands: readonly SlashCommand[],
): TakenCommand | undefined {
  const called = /^\/([\w-]+)(?:\s+|$)/.exec(instruction);
  if (called === null) return undefined;
  const name = called[1] ?? '';
  const command = commands.find((each) => each.name === name);
  if (command !== undefined) {
    const words = instruction.slice(called[0].length).trim();
    return { command, instruction: fill(command.body, words) };
  }
  const names = commands.map((each) => each.name);
  const [near] = nearest(name, names);
  const meant = near === undefined ? '/help lists those there are' : `did you mean /${near}?`;
  throw new RpcError(
    'invalid_argument',
    `there is no command /${name}: ${meant}; a space before it sends it as it is`,
  );
}

/**
 * The mode that a command's run has, where `usual` is what it would have without: as the command says. One of
 * a project can only be stricter, since whoever writes in the project has written it.
 */
export function modeOfCommand(
  { mode, origin }: SlashCommand,
  usual: PermissionMode,
): PermissionMode {
  if (mode === undefined) return usual;
  return origin === 'user' ? mode : stricter(usual, mode);
}

/** All commands, a line each, for people. */
export function listCommands(commands: readonly SlashCommand[]): string {
  if (commands.length === 0) return 'There are no commands: each .zeke/commands/NAME.md is one.';
  const width = Math.max(...commands.map(({ name }) => name.length));
  return commands
    .map(
      ({ name, description }) => `/${name.padEnd(width)}  ${description.replaceAll(/\s+/g, ' ')}`,
    )
    .join('\n');
}

/** In one pass, so that what arguments say is never filled again. */
function fill(body: string, words: string): string {
  const parts = splitWords(words);
  let isUsed = false;
  const filled = body.replaceAll(/\$(?:ARGUMENTS\b|([1-9])(?!\d))/g, (_, position?: string) => {
    isUsed = true;
    return position === undefined ? words : (parts[Number(position) - 1] ?? '');
  });
  return isUsed || words === '' ? filled : `${filled}\n\n${words}`;
}

/** At white space, but for what stands in quotes. */
function splitWords(text: string): string[] {
  const found = text.match(/(?:"[^"]*"|'[^']*'|\S)+/g) ?? [];
  return found.map((each) => each.replaceAll(/"([^"]*)"|'([^']*)'/g, '$1$2'));
}
