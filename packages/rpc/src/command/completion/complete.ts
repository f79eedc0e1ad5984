import type { Command, Option } from 'commander';
import type { ServerFlags } from '../flags.ts';
import { looksLikeTarget } from '../target/target.ts';
import type { Candidate } from './candidate.ts';

/** What a word may be that only a server or files know. */
interface NameQuestion {
  /** What the command takes: names of services, or also of methods. */
  readonly wanted: 'services' | 'methods';
  readonly target: string | undefined;
  readonly flags: ServerFlags;
}

/** Looks names up; gives none rather than fail or take long. */
export type LookUpNames = (question: NameQuestion) => Promise<readonly string[]>;

const argumentNames: Readonly<Record<string, NameQuestion['wanted']>> = {
  bench: 'methods',
  call: 'methods',
  describe: 'methods',
  list: 'services',
};

/**
 * What may follow. `words` are those after the program's name, the last being the one at the cursor,
 * empty where it is not begun yet. No candidates: the shell may offer files.
 */
export async function complete(
  program: Command,
  words: readonly string[],
  lookUp: LookUpNames,
): Promise<Candidate[]> {
  const current = words.at(-1) ?? '';
  const place = placeOf(program, words.slice(0, -1));
  const all = await candidatesAt(place, current, lookUp);
  return all.filter(({ value }) => value.startsWith(current));
}

interface Place {
  readonly command: Command;
  /** The words behind the name of the command. */
  readonly words: readonly string[];
  /** The flag whose value is asked for. */
  readonly option: Option | undefined;
}

function placeOf(program: Command, words: readonly string[]): Place {
  let command = program;
  let begin = 0;
  let option: Option | undefined;
  for (const [i, word] of words.entries()) {
    if (option !== undefined) option = undefined;
    else if (word.startsWith('-')) option = optionWithValue(command, word);
    else {
      const next = command.commands.find((each) => each.name() === word);
      if (next === undefined) continue;
      command = next;
      begin = i + 1;
    }
  }
  return { command, words: words.slice(begin), option };
}

function optionWithValue(command: Command, word: string): Option | undefined {
  const known = command.options.find(({ short, long }) => word === short || word === long);
  return known?.required || known?.optional ? known : undefined;
}

async function candidatesAt(
  { command, words, option }: Place,
  current: string,
  lookUp: LookUpNames,
): Promise<Candidate[]> {
  if (option !== undefined) return (option.argChoices ?? []).map(plain);
  if (current.startsWith('-')) return flagsOf(command);
  if (command.commands.length > 0) {
    return command.commands.map((each) => ({
      value: each.name(),
      description: each.description(),
    }));
  }
  const choices = command.registeredArguments[0]?.argChoices;
  if (choices !== undefined) return choices.map(plain);
  const wanted = argumentNames[command.name()];
  if (wanted === undefined) return [];
  const { operands } = command.parseOptions([...words]);
  const [first = ''] = operands;
  const target = looksLikeTarget(first) ? first : undefined;
  // After the method comes its request.
  if (operands.length > (target === undefined ? 0 : 1)) return [];
  return (await lookUp({ wanted, target, flags: command.opts() })).map(plain);
}

function flagsOf(command: Command): Candidate[] {
  const flags = command.options.map(({ long, description }) => ({
    value: long ?? '',
    description,
  }));
  return [...flags, { value: '--help', description: 'show help' }];
}

function plain(value: string): Candidate {
  return { value, description: '' };
}
