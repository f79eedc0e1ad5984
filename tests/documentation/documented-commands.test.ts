import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pages, root } from '../support/documentation.ts';
import { commandsIn, commandsOf, flagsIn, inlineCodeOf } from '../support/documented-commands.ts';

const timeoutMs = 30_000;
const programs: Readonly<Record<string, readonly string[]>> = {
  zeke: ['./zeke'],
  zrpc: [process.execPath, 'packages/rpc/src/zrpc.ts'],
};

test(
  'commands and flags of zeke and zrpc that pages show are there',
  async () => {
    const shown = pages.flatMap((page) => {
      const commands = commandsOf(textOf(page)).filter(isOfPrograms);
      return commands.map((words) => faultsOf(words, page));
    });
    expect(shown.length).toBeGreaterThan(100);
    expect((await Promise.all(shown)).flat()).toEqual([]);
  },
  timeoutMs,
);

test.each([
  ['docs/guide/zrpc.md', 'zrpc'],
  ['docs/guide/zrpc-tools.md', 'zrpc'],
  ['docs/guide/command-line.md', 'zeke'],
])(
  'flags that %s talks of are flags of %s',
  async (page, program) => {
    const flags = inlineCodeOf(textOf(page)).flatMap((code) =>
      flagsIn(code.split(' ').slice(0, 1)),
    );
    expect(flags).not.toEqual([]);
    const helps = await helpOfAll([program]);
    const missing = flags.filter((flag) => !helps.some((help) => help.flags.has(flag)));
    expect(missing).toEqual([]);
  },
  timeoutMs,
);

test.each(Object.keys(programs))(
  'the examples in the help of %s have flags that are there',
  async (program) => {
    const helps = await helpOfAll([program]);
    const examples = helps.flatMap((help) => help.examples).filter(isOfPrograms);
    expect(examples.length).toBeGreaterThan(20);
    const faults = await Promise.all(examples.map((words) => faultsOf(words, 'help')));
    expect(faults.flat()).toEqual([]);
  },
  timeoutMs,
);

test('scripts that pages run are there', () => {
  const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
  const missing = pages.flatMap((page) =>
    commandsOf(textOf(page))
      .filter(([program, verb]) => program === 'npm' && verb === 'run')
      .filter(([, , name = '']) => !(name in scripts))
      .map((words) => `${page}: ${words.join(' ')}`),
  );
  expect(missing).toEqual([]);
});

function textOf(page: string): string {
  return readFileSync(join(root, page), 'utf8');
}

function isOfPrograms([program = '']: readonly string[]): boolean {
  return Object.hasOwn(programs, program);
}

/** What is not as the help says of a command line. */
async function faultsOf(words: readonly string[], where: string): Promise<string[]> {
  const [program = '', ...rest] =
    words[0] === 'zeke' && words[1] === 'rpc' ? ['zrpc', ...words.slice(2)] : words;
  let path = [program];
  let help = await helpOf(path);
  for (const word of rest) {
    // What stands for a command, such as COMMAND, is none.
    if (help.subcommands.size === 0 || !/^[a-z][a-z-]*$/.test(word)) break;
    if (!help.subcommands.has(word)) return [`${where}: ${words.join(' ')}: no command ${word}`];
    path = [...path, word];
    help = await helpOf(path);
  }
  return flagsIn(rest)
    .filter((flag) => !help.flags.has(flag) && !launcherFlags.has(flag))
    .map((flag) => `${where}: ${words.join(' ')}: ${path.join(' ')} has no ${flag}`);
}

/** Of `./zeke` alone, before there is anything that could have a help. */
const launcherFlags: ReadonlySet<string> = new Set(['--install-only']);

interface Help {
  readonly flags: ReadonlySet<string>;
  readonly subcommands: ReadonlySet<string>;
  readonly examples: readonly string[][];
}

const helps = new Map<string, Promise<Help>>();

/** Of a command and of all below it. */
async function helpOfAll(path: readonly string[]): Promise<Help[]> {
  const help = await helpOf(path);
  const below = [...help.subcommands].map((name) => helpOfAll([...path, name]));
  return [help, ...(await Promise.all(below)).flat()];
}

/** Each is asked for once. */
function helpOf(path: readonly string[]): Promise<Help> {
  const key = path.join(' ');
  const known = helps.get(key) ?? readHelp(path);
  helps.set(key, known);
  return known;
}

async function readHelp([program = '', ...path]: readonly string[]): Promise<Help> {
  const command = [...(programs[program] ?? []), ...path, '--help'];
  const pipes = { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' } as const;
  const child = Bun.spawn(command, { cwd: root, ...pipes });
  const [out, error] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  const text = out + error;
  const options = [...text.matchAll(/^ +(-\w, )?(-[\w-]+)/gm)];
  const commands = /^Commands:\n((?: .*\n)+)/m.exec(text)?.[1] ?? '';
  const names = [...commands.matchAll(/^ {2}([a-z][a-z-]*)/gm)].map(([, name = '']) => name);
  return {
    flags: new Set(options.flatMap(([, short = '', long = '']) => [short.slice(0, 2), long])),
    subcommands: new Set(names.filter((name) => name !== 'help')),
    examples: [...text.matchAll(/^ *\$ (.*)$/gm)].flatMap(([, line = '']) => commandsIn(line)),
  };
}
