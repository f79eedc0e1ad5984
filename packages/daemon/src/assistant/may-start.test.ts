import { afterEach, beforeEach, expect, test } from 'bun:test';
import { type TemporaryDirectory, temporaryDirectory } from '@zeke/foundation/testing';
import { mayStart } from './may-start.ts';

let folder: TemporaryDirectory;
const path = process.env.PATH ?? '';

beforeEach(async () => {
  folder = await temporaryDirectory();
  await git('init', '-q');
  await Bun.write(`${folder.path}/node_modules/.bin/tsc`, '');
});

afterEach(async () => {
  await folder[Symbol.asyncDispose]();
});

async function git(...args: string[]): Promise<void> {
  await Bun.spawn(['git', '-C', folder.path, ...args]).exited;
}

function may(program: string, runsProjectCode = true, isAllowed = false): Promise<boolean> {
  const project = { root: folder.path, name: 'p' };
  return mayStart({ command: [program], runsProjectCode }, project, { isAllowed, path });
}

test('what was installed beside the files of a project may run; what came with it may not', async () => {
  const own = `${folder.path}/node_modules/.bin/tsc`;
  await Bun.write(`${folder.path}/.gitignore`, 'node_modules\n');
  await git('add', '-A');
  expect(await may(own)).toBe(true);
  expect(await may('/usr/bin/typescript-language-server')).toBe(true);
  expect(await may(`${folder.path}/tools/server`)).toBe(false);
  await git('add', '-f', 'node_modules');
  expect(await may(own)).toBe(false);
  expect(await may('/usr/bin/typescript-language-server')).toBe(false);
});

test('what runs nothing of the project may, and all where that is allowed', async () => {
  expect(await may('/usr/bin/pyright', false)).toBe(true);
  await git('add', '-f', 'node_modules');
  expect(await may(`${folder.path}/node_modules/.bin/tsc`, true, true)).toBe(true);
});

test('without a repository nobody can say what came with the project', async () => {
  await Bun.$`rm -rf ${folder.path}/.git`.quiet();
  expect(await may(`${folder.path}/node_modules/.bin/tsc`)).toBe(false);
});
