import { expect, test } from 'bun:test';
import { mkdir, realpath, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { openProject } from './open-project.ts';

test('the root of the git work tree, from any folder in it and through links', async () => {
  await using folder = await temporaryDirectory();
  const base = await realpath(folder.path);
  const root = join(base, 'shop');
  await mkdir(join(root, 'src/deep'), { recursive: true });
  await git(root, 'init', '-q');
  await symlink(join(root, 'src'), join(base, 'link'));
  const project = { root, name: 'shop' };
  expect(await openProject(root)).toEqual(project);
  expect(await openProject(join(root, 'src/deep'))).toEqual(project);
  expect(await openProject(join(base, 'link'))).toEqual(project);
  expect(await openProject(root, { name: 'store' })).toEqual({ root, name: 'store' });
});

test('a linked worktree is a project of its own', async () => {
  await using folder = await temporaryDirectory();
  const base = await realpath(folder.path);
  const root = join(base, 'main');
  await mkdir(root);
  await git(root, 'init', '-q');
  await git(
    root,
    '-c',
    'user.name=a',
    '-c',
    'user.email=a@b',
    'commit',
    '-qm',
    'a',
    '--allow-empty',
  );
  await git(root, 'worktree', 'add', '-q', join(root, 'trees/one'));
  expect((await openProject(join(root, 'trees/one'))).root).toBe(join(root, 'trees/one'));
});

test('without git the folder itself; what only looks like git is none', async () => {
  await using folder = await temporaryDirectory();
  const base = await realpath(folder.path);
  await mkdir(join(base, 'a/b'), { recursive: true });
  await mkdir(join(base, 'a/.git'));
  await writeFile(join(base, '.git'), 'notes');
  expect((await openProject(join(base, 'a/b'))).root).toBe(join(base, 'a/b'));
});

test('what is no folder is told', async () => {
  await using folder = await temporaryDirectory();
  const file = join(folder.path, 'file');
  await writeFile(file, '');
  expect(openProject(file)).rejects.toThrow(`${file} is a file: name the folder`);
  expect(openProject(join(folder.path, 'none'))).rejects.toThrow('no such folder can be opened');
});

async function git(cwd: string, ...args: string[]): Promise<void> {
  const child = Bun.spawn(['git', ...args], { cwd, stderr: 'pipe' });
  if ((await child.exited) !== 0) throw new Error(await new Response(child.stderr).text());
}
