import type { Command, Option } from 'commander';
import type { Shell } from './commands/completion.ts';

/** One thing that could stand where the cursor is. */
export interface Candidate {
  readonly value: string;
  readonly description: string;
}

/** Names that only a running gateway or the configuration knows. */
export type NameKind =
  | 'models'
  | 'providers'
  | 'written-providers'
  | 'provider-types'
  | 'keys'
  | 'orgs'
  | 'teams'
  | 'users'
  | 'secrets'
  | 'mcp-servers'
  | 'usage-groups';

/** Looks names up; gives none rather than fail or take long. */
export type LookUp = (kind: NameKind) => Promise<readonly string[]>;

const argumentNames: Readonly<Record<string, NameKind>> = {
  'providers add': 'provider-types',
  'providers test': 'providers',
  'providers remove': 'written-providers',
  'keys revoke': 'keys',
  'keys rotate': 'keys',
  'keys tier': 'keys',
  'keys privacy': 'keys',
  'mcp test': 'mcp-servers',
  'mcp inspect': 'mcp-servers',
  'mcp remove': 'mcp-servers',
  'mcp login': 'mcp-servers',
  'mcp logout': 'mcp-servers',
  'secrets set': 'secrets',
  'secrets get': 'secrets',
  'secrets rotate': 'secrets',
  'secrets delete': 'secrets',
  'prices show': 'models',
  'orgs rename': 'orgs',
  'orgs remove': 'orgs',
  'teams rename': 'teams',
  'teams remove': 'teams',
  'users set': 'users',
  'users remove': 'users',
};

const optionNames: Readonly<Record<string, NameKind>> = {
  'chat --model': 'models',
  'usage --by': 'usage-groups',
  'keys create --user': 'users',
  'keys create --team': 'teams',
  'teams create --org': 'orgs',
  'users create --org': 'orgs',
  'users create --team': 'teams',
  'users set --team': 'teams',
};

/**
 * What may follow. `words` are those after `zeke`, the last being the one at the cursor, empty
 * where it is not begun yet. No candidates: the shell may offer files.
 */
export async function complete(
  program: Command,
  words: readonly string[],
  lookUp: LookUp,
): Promise<Candidate[]> {
  const current = words.at(-1) ?? '';
  const place = placeOf(program, words.slice(0, -1));
  const all = await candidatesAt(place, current, lookUp);
  return all.filter(({ value }) => value.startsWith(current));
}

/** A candidate as a shell's script reads it. */
export function formatCandidate(shell: Shell, { value, description }: Candidate): string {
  switch (shell) {
    case 'bash':
      return value;
    case 'zsh':
      return `${value.replaceAll(':', '\\:')}:${description}`;
    case 'fish':
      return `${value}\t${description}`;
  }
}

interface Place {
  readonly command: Command;
  /** `keys revoke` */
  readonly path: string;
  /** Arguments that stand before the cursor. */
  readonly argumentsGiven: number;
  /** The flag whose value is asked for. */
  readonly option: Option | undefined;
}

function placeOf(program: Command, words: readonly string[]): Place {
  let command = program;
  const path: string[] = [];
  let argumentsGiven = 0;
  let option: Option | undefined;
  for (const word of words) {
    if (option !== undefined) {
      option = undefined;
    } else if (word.startsWith('-')) {
      const known = command.options.find(({ short, long }) => word === short || word === long);
      option = known?.required || known?.optional ? known : undefined;
    } else {
      const next = command.commands.find((each) => each.name() === word);
      if (next === undefined) {
        argumentsGiven += 1;
        continue;
      }
      command = next;
      path.push(word);
    }
  }
  return { command, path: path.join(' '), argumentsGiven, option };
}

async function candidatesAt(place: Place, current: string, lookUp: LookUp): Promise<Candidate[]> {
  const { command, path, argumentsGiven, option } = place;
  if (option !== undefined) {
    const kind = optionNames[`${path} ${option.long}`];
    const names = kind === undefined ? (option.argChoices ?? []) : await lookUp(kind);
    return kind === 'usage-groups' ? listItems(current, names) : names.map(plain);
  }
  if (current.startsWith('-')) return flagsOf(command);
  if (command.commands.length > 0) {
    return command.commands.map((each) => ({
      value: each.name(),
      description: each.description(),
    }));
  }
  if (argumentsGiven > 0) return [];
  const kind = argumentNames[path];
  if (kind !== undefined) return (await lookUp(kind)).map(plain);
  return (command.registeredArguments[0]?.argChoices ?? []).map(plain);
}

/** The next of a list whose items are parted by commas, none of them twice. */
function listItems(current: string, names: readonly string[]): Candidate[] {
  const before = current.slice(0, current.lastIndexOf(',') + 1);
  const given = before.split(',');
  return names.filter((name) => !given.includes(name)).map((name) => plain(before + name));
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
