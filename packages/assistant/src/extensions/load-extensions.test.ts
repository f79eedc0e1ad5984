import { expect, test } from 'bun:test';
import { mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { temporaryDirectory } from '@zeke/foundation/testing';
import type { Extensions } from './extensions.ts';
import { loadExtensions } from './load-extensions.ts';

interface Folders extends AsyncDisposable {
  readonly root: string;
  readonly home: string;
  write(files: Readonly<Record<string, string | Uint8Array>>): Promise<void>;
  load(): Promise<Extensions>;
}

async function folders(): Promise<Folders> {
  const directory = await temporaryDirectory();
  const root = join(directory.path, 'shop');
  const home = join(directory.path, 'home');
  await Promise.all([mkdir(join(root, '.zeke'), { recursive: true }), mkdir(home)]);
  return {
    root,
    home,
    write: async (files) => {
      for (const [name, text] of Object.entries(files)) {
        const path = join(directory.path, name);
        await mkdir(dirname(path), { recursive: true });
        await Bun.write(path, text);
      }
    },
    load: () =>
      loadExtensions({
        zekeHome: home,
        project: { root, name: 'shop' },
        toolNames: ['read_file', 'grep'],
      }),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

test('agents, commands and skills of the user and of the project', async () => {
  await using zeke = await folders();
  await zeke.write({
    'shop/.zeke/agents/tester.md':
      '---\ndescription: Writes tests\ntools: [read_file, git__log]\nread_only: true\n---\nYou write tests.\n',
    'home/agents/poet.md': '---\ndescription: Writes verse\n---\nYou rhyme.\n',
    'shop/.zeke/commands/fix.md': 'Fix $ARGUMENTS.\n',
    'home/commands/ship.md':
      '---\ndescription: Ships\nagent: poet\nmode: full\nmodel: rack/big\n---\nShip it.\n',
    'shop/.zeke/skills/charts/SKILL.md':
      '---\nname: charts\ndescription: Draws charts\nlicense: MIT\n---\nUse bars.\n',
    'shop/.zeke/skills/README.md': 'what these are',
  });
  expect(await zeke.load()).toEqual({
    agents: [
      { name: 'poet', description: 'Writes verse', prompt: 'You rhyme.', isReadOnly: false },
      {
        name: 'tester',
        description: 'Writes tests',
        prompt: 'You write tests.',
        isReadOnly: true,
        tools: ['read_file', 'git__log'],
      },
    ],
    commands: [
      {
        name: 'ship',
        description: 'Ships',
        origin: 'user',
        agent: 'poet',
        mode: 'full',
        model: 'rack/big',
        body: 'Ship it.',
      },
      {
        name: 'fix',
        description: 'Fix $ARGUMENTS.',
        origin: 'project',
        body: 'Fix $ARGUMENTS.',
      },
    ],
    skills: [
      {
        name: 'charts',
        description: 'Draws charts',
        folder: join(zeke.root, '.zeke/skills/charts'),
        body: 'Use bars.',
      },
    ],
    faults: [],
  });
});

test('without any such folder there is nothing, and nothing is wrong', async () => {
  await using zeke = await folders();
  const nothing = { agents: [], commands: [], skills: [], faults: [] };
  expect(await zeke.load()).toEqual(nothing);
});

test('files with a fault are left out and told, the others count', async () => {
  await using zeke = await folders();
  const agent = (rest: string) => `---\ndescription: x\n${rest}---\nDo.`;
  await zeke.write({
    'shop/.zeke/agents/good.md': agent(''),
    'shop/.zeke/agents/build.md': agent(''),
    'shop/.zeke/agents/empty.md': '---\ndescription: x\n---\n\n',
    'shop/.zeke/agents/misread.md': agent('readonly: true\n'),
    'shop/.zeke/agents/mistooled.md': agent('tools: [readfile]\n'),
    'shop/.zeke/agents/Upper.md': agent(''),
    'shop/.zeke/agents/binary.md': Uint8Array.of(0xff, 0xfe, 0x00),
    'shop/.zeke/agents/huge.md': agent('').padEnd(70_000, 'x'),
    'shop/.zeke/commands/help.md': 'Help me.',
    'shop/.zeke/commands/wild.md': '---\nmode: yolo\n---\nGo.',
    'shop/.zeke/skills/charts/SKILL.md': '---\nname: maps\ndescription: x\n---\nGo.',
    'shop/.zeke/skills/lost/notes.md': 'no skill',
  });
  const { agents, commands, skills, faults } = await zeke.load();
  expect([agents.map(({ name }) => name), commands, skills]).toEqual([['good'], [], []]);
  expect(faults).toEqual([
    '.zeke/agents/binary.md: it is not UTF-8',
    '.zeke/agents/huge.md: it is over 65536 bytes',
    '.zeke/agents/Upper.md:1 its name is of small letters, digits, - and _, at most 64 of them',
    ".zeke/agents/build.md:1 build is an agent of zeke's own: take another name",
    '.zeke/agents/empty.md:1 there is nothing below the head',
    '.zeke/agents/misread.md:3 readonly: no such key: did you mean read_only?',
    '.zeke/agents/mistooled.md:1 tools: there is no tool readfile: did you mean read_file?',
    '.zeke/commands/help.md:1 help lists all commands: take another name',
    expect.stringContaining('.zeke/commands/wild.md:2 mode: '),
    '.zeke/skills/lost/SKILL.md: ENOENT',
    '.zeke/skills/charts/SKILL.md:1 name: it is maps, but its folder is charts',
  ]);
});

test("the user's own counts before the project's of the same name", async () => {
  await using zeke = await folders();
  await zeke.write({ 'shop/.zeke/commands/go.md': 'theirs', 'home/commands/go.md': 'mine' });
  const { commands, faults } = await zeke.load();
  expect(commands).toMatchObject([{ body: 'mine', origin: 'user' }]);
  expect(faults).toEqual(['.zeke/commands/go.md is not used: $ZEKE_HOME/commands/go.md counts']);
});

test("the user's home folder as a project has each file once", async () => {
  await using zeke = await folders();
  await zeke.write({ 'home/.zeke/commands/go.md': 'mine' });
  const options = { project: { root: zeke.home, name: 'home' }, toolNames: [] };
  const loaded = await loadExtensions({ ...options, zekeHome: join(zeke.home, '.zeke') });
  expect(loaded).toMatchObject({ commands: [{ body: 'mine', origin: 'user' }], faults: [] });
});

test('links that lead out of the project, pipes and folders are not read', async () => {
  await using zeke = await folders();
  const commands = join(zeke.root, '.zeke/commands');
  await mkdir(join(commands, 'folder.md'), { recursive: true });
  await zeke.write({ 'home/key': 'secret', 'shop/notes/inside.md': 'inside' });
  await symlink(join(zeke.home, 'key'), join(commands, 'out.md'));
  await symlink(join(zeke.root, 'notes/inside.md'), join(commands, 'inside.md'));
  await symlink('round.md', join(commands, 'round.md'));
  expect(Bun.spawnSync(['mkfifo', join(commands, 'pipe.md')]).exitCode).toBe(0);
  const loaded = await zeke.load();
  expect(loaded.commands).toMatchObject([{ name: 'inside', body: 'inside' }]);
  expect(loaded.faults).toEqual([
    '.zeke/commands/folder.md: it is no file',
    '.zeke/commands/out.md: it is a link that leads out of the project',
    '.zeke/commands/pipe.md: it is no file',
    '.zeke/commands/round.md: ELOOP',
  ]);
});
