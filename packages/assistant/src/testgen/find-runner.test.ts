import { expect, test } from 'bun:test';
import { mkdir, realpath, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { findRunner } from './find-runner.ts';

const manifest = (fields: object): string => JSON.stringify(fields);

async function found(files: Readonly<Record<string, string>>, target: string, command?: string) {
  await using folder = await temporaryDirectory();
  const root = await realpath(folder.path);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  const options = { root, cwd: root, target: join(root, target) };
  const runner = await findRunner({ ...options, ...(command === undefined ? {} : { command }) });
  return [runner.name, runner.command, runner.cwd.slice(root.length)];
}

test('the nearest manifest says how tests are run', async () => {
  const vitest = manifest({ devDependencies: { vitest: '4' } });
  const files = {
    'package.json': manifest({ scripts: { test: 'bun test' } }),
    'packages/a/package.json': vitest,
    'packages/b/package.json': manifest({ name: 'b' }),
    'node_modules/.bin/vitest': '',
  };
  expect(await found(files, 'packages/a/src/x.ts')).toEqual([
    'vitest',
    '../../node_modules/.bin/vitest run',
    '/packages/a',
  ]);
  expect(await found(files, 'packages/b/x.ts')).toEqual(['bun', 'bun test', '']);
});

test('languages have runners of their own', async () => {
  const jest = { 'package.json': manifest({ dependencies: { jest: '30' } }) };
  expect(await found({ ...jest, 'node_modules/.bin/jest': '' }, 'x.js')).toEqual([
    'jest',
    './node_modules/.bin/jest',
    '',
  ]);
  expect(await found({ 'package.json': '{}', 'bun.lock': '' }, 'x.ts')).toEqual([
    'bun',
    'bun test',
    '',
  ]);
  const node = { 'package.json': manifest({ scripts: { test: 'node --test' } }) };
  expect(await found(node, 'x.mjs')).toEqual(['node', 'node --test', '']);
  expect(await found({ 'api/pyproject.toml': '' }, 'api/a/b.py')).toEqual([
    'pytest',
    'python3 -m pytest',
    '/api',
  ]);
  expect(await found({ 'go.mod': 'module x' }, 'a/b.go')).toEqual(['go', 'go test -v', '']);
  const cargo = { 'Cargo.toml': '', 'crates/a/Cargo.toml': '' };
  const inCrate = ['cargo', 'cargo test', '/crates/a'];
  expect(await found(cargo, 'crates/a/src/lib.rs')).toEqual(inCrate);
});

test('a command that is said counts, whatever files say', async () => {
  expect(await found({}, 'x.ts', 'bun test --bail')).toEqual(['bun', 'bun test --bail', '']);
  expect(await found({}, 'x.rb', 'make test')).toEqual(['own', 'make test', '']);
  expect(await found({}, 'x.ts', 'cd a && bun test')).toEqual(['own', 'cd a && bun test', '']);
});

test('what is not installed, or not there, is said', async () => {
  const jest = { 'package.json': manifest({ scripts: { test: 'jest' } }) };
  await expect(found(jest, 'x.ts')).rejects.toThrow('not installed');
  await expect(found({ 'package.json': '{' }, 'x.ts')).rejects.toThrow('--command');
});
