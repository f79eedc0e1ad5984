import { expect, test } from 'bun:test';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { commandName, commandNames, nameCommands } from './command-name.ts';
import { createContext } from './context.ts';
import { createProgram } from './program.ts';

test('is what was typed, unless the PATH has it', async () => {
  await using directory = await temporaryDirectory();
  const bin = join(directory.path, 'bin');
  const launcher = join(directory.path, 'zeke');
  await mkdir(bin);
  await writeFile(launcher, '#!/bin/sh\n');
  await chmod(launcher, 0o755);
  const named = (typed: string | undefined, path = bin) =>
    commandName({ ZEKE_LAUNCHER: typed, PATH: path });
  expect(named(undefined)).toBe('zeke');
  expect(named('./zeke')).toBe('./zeke');
  expect(named('zeke')).toBe('./zeke');
  expect(named(launcher)).toBe(launcher);
  expect(named("/it's here/zeke")).toBe("'/it'\\''s here/zeke'");
  await symlink(launcher, join(bin, 'zeke'));
  expect(named(launcher)).toBe('zeke');
  await writeFile(join(directory.path, 'other'), '');
  expect(named(join(directory.path, 'other'))).toBe(join(directory.path, 'other'));
});

test('stands before commands in hints, and nowhere else', () => {
  const text = 'zeke runs: zeke keys create, "zeke up --demo", zeke.toml, /x/zeke up, zeke upon';
  expect(nameCommands(text, './zeke')).toBe(
    'zeke runs: ./zeke keys create, "./zeke up --demo", zeke.toml, /x/zeke up, zeke upon',
  );
  expect(nameCommands('zeke up', '$&/zeke')).toBe('$&/zeke up');
});

test('knows all commands', () => {
  const program = createProgram(createContext(process), () => {});
  expect(program.commands.map((each) => each.name()).toSorted()).toEqual(commandNames.toSorted());
});

test('of each command there is what it needs, without the others', () => {
  for (const name of commandNames) {
    const { commands } = createProgram(createContext(process), () => {}, name);
    expect(commands.map((each) => each.name())).toContain(name);
    expect(commands.length).toBeLessThan(4);
  }
  const all = createProgram(createContext(process), () => {}, 'keyz').commands;
  expect(all).toHaveLength(commandNames.length);
});
