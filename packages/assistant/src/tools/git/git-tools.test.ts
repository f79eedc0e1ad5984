import { afterEach, beforeEach, expect, test } from 'bun:test';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { type ToolBench, toolBench } from '../testing/tool-bench.ts';
import { gitTools } from './git-tools.ts';

const author = {
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.com',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.com',
  GIT_CONFIG_NOSYSTEM: '1',
};
// A hook of git starts us with variables like this one: it must lead nowhere.
const environment = {
  PATH: process.env.PATH,
  HOME: '/nonexistent',
  GIT_DIR: '/nowhere',
  ...author,
};

let here: ToolBench;

beforeEach(async () => {
  here = await toolBench(gitTools({ environment }), { 'a.txt': 'one\ntwo\n', 'é b.txt': 'x\n' });
  await git('init', '-q', '-b', 'main');
  await git('add', '.');
  await git('commit', '-qm', 'First');
});
afterEach(() => here[Symbol.asyncDispose]());

test('status, diff, log and blame tell what git knows', async () => {
  expect((await here.call('git_diff', {})).text).toBe('Nothing differs.');
  await here.write('a.txt', 'one\n2\n');
  await here.write('new.txt', '');
  await git('add', 'é b.txt');
  expect((await here.call('git_status', {})).text).toBe('## main\n M a.txt\n?? new.txt');
  const diff = await here.call('git_diff', { paths: ['a.txt'] });
  expect(diff.text).toContain('@@ -1,2 +1,2 @@\n one\n-two\n+2');
  expect((await here.call('git_diff', { revision: 'HEAD', stat: true })).text).toContain(
    'a.txt | 2',
  );
  expect((await here.call('git_diff', { staged: true })).text).toBe('Nothing differs.');
  expect((await here.call('git_log', {})).text).toMatch(/^[0-9a-f]{7} \d{4}-\d\d-\d\d Ada: First$/);
  expect((await here.call('git_log', { grep: 'Second' })).text).toBe('There is no such commit.');
  const blame = await here.call('git_blame', { path: 'a.txt', first: 2 });
  expect(blame.text).toMatch(/Not Committed Yet .* 2\) 2$/);
  expect(await here.actions('git_blame', { path: 'a.txt' })).toEqual([
    { kind: 'read', path: join(here.root, 'a.txt') },
  ]);
  expect(await here.actions('git_status', {})).toEqual([{ kind: 'read', path: here.root }]);
});

test('commits are made of paths, of all that changed, or of what is staged', async () => {
  await here.write('a.txt', 'changed\n');
  await here.write('new $x.txt', 'n\n');
  const call = { message: "It's new\n\n# kept?", paths: ['new $x.txt'] };
  expect(await here.actions('git_commit', call)).toEqual([
    { kind: 'shell', command: "git add -- 'new $x.txt'", cwd: here.root },
    {
      kind: 'shell',
      command: `git commit '--message=It'\\''s new\n\n# kept?' --cleanup=strip -- 'new $x.txt'`,
      cwd: here.root,
    },
  ]);
  expect((await here.call('git_commit', call)).text).toContain("It's new");
  expect((await here.call('git_status', {})).text).toBe('## main\n M a.txt');
  const nothing = await here.call('git_commit', { message: 'None' });
  expect(nothing).toMatchObject({
    isError: true,
    text: expect.stringContaining('no changes added'),
  });
  await here.call('git_commit', { message: 'All', all: true });
  expect((await here.call('git_status', {})).text).toBe('## main');
  expect(() => here.tool('git_commit').parse({ message: 'x', all: true, paths: ['a'] })).toThrow(
    'give paths or all',
  );
});

test('a hook that refuses is heard, and runs only where something is changed', async () => {
  const hook = await here.write(
    '.git/hooks/pre-commit',
    '#!/bin/sh\necho "lint: no" >&2\nexit 1\n',
  );
  await chmod(hook, 0o755);
  const refused = await here.call('git_commit', { message: 'x', all: true });
  await here.write('a.txt', 'y');
  expect(refused.isError).toBe(true);
  expect((await here.call('git_commit', { message: 'x', all: true })).text).toContain('lint: no');
  const spy = await here.write('.git/spy.sh', `#!/bin/sh\ntouch '${here.root}/ran'\n`);
  await chmod(spy, 0o755);
  for (const key of ['core.fsmonitor', 'diff.external', 'core.pager'])
    await git('config', key, spy);
  for (const name of ['git_status', 'git_diff', 'git_log']) await here.call(name, {});
  expect(await Bun.file(join(here.root, 'ran')).exists()).toBe(false);
});

test('branches and work trees are made, listed and removed', async () => {
  const branch = (input: object) => here.call('git_branch', input);
  expect(await here.actions('git_branch', { action: 'create', name: 'fix/a' })).toEqual([
    { kind: 'shell', command: 'git switch --create=fix/a', cwd: here.root },
  ]);
  await branch({ action: 'create', name: 'fix/a' });
  expect((await branch({ action: 'list' })).text).toContain('* fix/a');
  await branch({ action: 'switch', name: 'main' });
  expect((await branch({ action: 'delete', name: 'fix/a' })).text).toContain(
    'Deleted branch fix/a',
  );
  expect((await branch({ action: 'switch', name: 'none' })).isError).toBe(true);
  const tree = { path: '../tree', branch: 'side' };
  const added = await here.call('git_worktree', { action: 'add', ...tree });
  expect(added.isError).toBeUndefined();
  expect((await here.call('git_worktree', { action: 'list' })).text).toContain('[side]');
  expect(await Bun.file(join(here.root, '../tree/a.txt')).exists()).toBe(true);
  await here.call('git_worktree', { action: 'remove', ...tree });
  expect(await Bun.file(join(here.root, '../tree/a.txt')).exists()).toBe(false);
});

test.each([
  ['git_diff', { revision: '--output=/tmp/x' }],
  ['git_log', { revision: '-p' }],
  ['git_branch', { action: 'create', name: '-D' }],
  ['git_branch', { action: 'create', name: 'a b' }],
  ['git_worktree', { action: 'add', path: 'x', from: '--force' }],
])('%s refuses what would be an option: %o', (name, input) => {
  expect(() => here.tool(name).parse(input)).toThrow(`${name}: `);
});

test('paths are names, not options and not patterns of git', async () => {
  await here.write('-x.txt', '1\n');
  await here.call('git_commit', { message: 'Odd', paths: ['-x.txt'] });
  expect((await here.call('git_status', {})).text).toBe('## main');
  const none = await here.call('git_log', { paths: [':(glob)**'] });
  expect(none.text).toBe('There is no such commit.');
});

test('much output is cut, and it is told how to get the rest', async () => {
  await here.write('a.txt', 'line\n'.repeat(40_000));
  const { summary, text } = await here.call('git_diff', {});
  expect(text.length).toBeLessThan(50_000);
  expect(text).toEndWith('(It is cut here: ask for fewer files by path, or set stat.)');
  expect(summary).toMatch(/^over \d+ lines$/);
});

test('outside of a repository, and after a cancel, it is told', async () => {
  const cwd = join(here.root, '..');
  const elsewhere = await here.call('git_status', {}, { cwd });
  expect(elsewhere).toMatchObject({ isError: true });
  expect(elsewhere.text).toContain('git status failed: fatal: not a git repository');
  const signal = AbortSignal.abort();
  expect(here.call('git_status', {}, { signal })).rejects.toMatchObject({ code: 'canceled' });
});

async function git(...args: string[]): Promise<void> {
  const env = { ...author, PATH: process.env.PATH };
  const child = Bun.spawn(['git', ...args], { cwd: here.root, env, stderr: 'inherit' });
  expect(await child.exited).toBe(0);
}
