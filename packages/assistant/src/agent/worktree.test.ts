import { afterEach, beforeEach, expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { mkdir, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TemporaryDirectory, temporaryDirectory } from '@zeke/foundation/testing';
import { openWorktree } from './worktree.ts';

const path = process.env.PATH ?? '';
const { signal } = new AbortController();
let folder: TemporaryDirectory;
let base: string;
let root: string;

async function git(...args: string[]): Promise<void> {
  const who = ['-c', 'user.name=A', '-c', 'user.email=a@example.com'];
  expect(await Bun.spawn(['git', ...who, ...args], { cwd: root, stderr: 'ignore' }).exited).toBe(0);
}

function open() {
  const worktrees = { folder: join(base, 'worktrees'), path };
  const project = { root, name: 'shop' };
  return openWorktree({ project, cwd: root, worktrees, id: 'one' }, signal);
}

beforeEach(async () => {
  folder = await temporaryDirectory();
  base = await realpath(folder.path);
  root = join(base, 'shop');
  await mkdir(root);
  await git('init', '-q');
  await writeFile(join(root, 'a.txt'), 'one\n');
  await git('add', '-A');
  await git('commit', '-q', '-m', 'First');
});

afterEach(() => folder[Symbol.asyncDispose]());

test('programs that the repository names are not run: filters, hooks, monitors', async () => {
  const mark = join(base, 'ran');
  const program = `sh -c "touch ${mark}; cat"`;
  // Of a name that would break an option of the command line.
  for (const [at, kind] of ['clean', 'smudge', 'process'].entries()) {
    await git('config', `filter.a=${at}.${kind}`, program);
    await git('config', `filter.a=${at}.required`, 'true');
  }
  await git('config', 'core.fsmonitor', `touch ${mark}`);
  await writeFile(join(root, '.git/hooks/post-checkout'), `#!/bin/sh\ntouch ${mark}\n`, {
    mode: 0o755,
  });
  await writeFile(
    join(root, '.gitattributes'),
    'a.txt filter=a=0\nb.txt filter=a=1\n*.md filter=a=2\n',
  );
  await writeFile(join(root, 'a.txt'), 'two\n');
  await using worktree = await open();
  expect(await Bun.file(join(worktree.cwd, 'a.txt')).text()).toBe('two\n');
  await writeFile(join(worktree.cwd, 'b.txt'), 'new\n');
  await writeFile(join(worktree.cwd, 'c.md'), 'new\n');
  expect(await worktree.finish('Made')).toContain('+new');
  expect(existsSync(mark)).toBe(false);
});

test('a repository that takes its configuration from elsewhere has none', async () => {
  await writeFile(join(root, '.git/commondir'), '.\n');
  const failed = await open().catch((error) => error.message);
  expect(failed).toContain('.git/commondir');
});
