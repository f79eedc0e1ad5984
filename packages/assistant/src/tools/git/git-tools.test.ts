import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { chmod, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { GroupGuard } from '@zeke/foundation';
import { skipsWithout } from '@zeke/foundation/testing';
import { Permissions } from '../../permissions/permissions.ts';
import { type FoundSandbox, findSandbox } from '../../sandbox/find-sandbox.ts';
import { ShellHost } from '../shell/shell-host.ts';
import { type ToolBench, toolBench } from '../testing/tool-bench.ts';
import { gitTools } from './git-tools.ts';
import { gitReader } from './read-git.ts';

const author = {
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.com',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.com',
  GIT_CONFIG_NOSYSTEM: '1',
};
const variables = { PATH: Bun.env.PATH, HOME: '/nonexistent', SOME_TOKEN: 'secret', ...author };

let here: ToolBench;
let parts: AsyncDisposableStack;

async function open(sandbox: FoundSandbox): Promise<void> {
  parts = new AsyncDisposableStack();
  const guard = parts.use(new GroupGuard());
  const folder = (): string => join(here.root, '../sessions');
  const shell = parts.use(
    new ShellHost({
      sandbox,
      settings: async () => ({}),
      environment: variables,
      home: '/nonexistent',
      zekeHome: '/nonexistent/.zeke',
      folder,
      guard,
    }),
  );
  // A hook of git starts us with variables like this one: it must lead nowhere.
  const environment = { ...variables, GIT_DIR: '/nowhere' };
  const files = { 'a.txt': 'one\ntwo\n', 'é b.txt': 'x\n' };
  here = await toolBench(gitTools({ readGit: gitReader({ environment, shell }), shell }), files);
  parts.defer(() => here[Symbol.asyncDispose]());
  await git('init', '-q', '-b', 'main');
  await git('add', '.');
  await git('commit', '-qm', 'First');
}

beforeEach(() => open({ kind: 'none', reason: 'for this test' }));
afterEach(() => parts.disposeAsync());

test('status, diff, log and blame tell what git knows', async () => {
  expect((await here.call('git_diff', {})).text).toBe('Nothing differs.');
  await here.write('a.txt', 'one\n2\n');
  await here.write('new.txt', '');
  expect((await here.call('git_status', {})).text).toBe('## main\n M a.txt\n?? new.txt');
  const diff = await here.call('git_diff', { paths: ['a.txt'] });
  expect(diff.text).toContain('@@ -1,2 +1,2 @@\n one\n-two\n+2');
  expect((await here.call('git_diff', { revision: 'HEAD', stat: true })).text).toContain(
    'a.txt | 2',
  );
  expect((await here.call('git_diff', { staged: true })).text).toBe('Nothing differs.');
  expect((await here.call('git_log', {})).text).toMatch(/^[0-9a-f]{7} \d{4}-\d\d-\d\d Ada: First$/);
  expect((await here.call('git_log', { patch: true })).text).toContain('+two');
  expect((await here.call('git_log', { grep: 'Second' })).text).toBe('There is no such commit.');
  const blame = await here.call('git_blame', { path: 'a.txt', first: 2 });
  expect(blame.text).toMatch(/Not Committed Yet .* 2\) 2$/);
  const committed = await here.call('git_blame', { path: 'a.txt', revision: 'HEAD' });
  expect(committed.text).toMatch(/\(Ada .* 1\) one\n.* 2\) two$/);
});

test('what reads is judged by the files that it reads', async () => {
  expect(await here.actions('git_blame', { path: 'a.txt' })).toEqual([
    { kind: 'read', path: join(here.root, 'a.txt') },
  ]);
  expect(await here.actions('git_status', {})).toEqual([{ kind: 'read', path: here.root }]);
  const allowed = [{ kind: 'read', path: join(here.root, 'a.txt') }] as const;
  const other = await here.call('git_diff', { paths: ['é b.txt'] }, { allowed });
  expect(other).toMatchObject({ isError: true, text: expect.stringContaining('not allowed') });
});

test('files that must not be read are left out of diffs, those of the past too', async () => {
  await here.write('.env', 'KEY=old\n');
  await here.call('git_commit', { message: 'Key', paths: ['.env'] });
  await here.write('.env', 'KEY=new\n');
  await here.write('a.txt', 'changed\n');
  const hides = (path: string): boolean => path === join(here.root, '.env');
  const cwd = join(here.root, 'below');
  await here.write('below/c.txt', '');
  for (const place of [{ hides }, { hides, cwd }]) {
    const diff = await here.call('git_diff', {}, place);
    expect(diff.text).toContain('+changed');
    expect(diff.text).not.toContain('KEY');
    expect(diff.text).toEndWith('(Left out: 1 files that must not be read.)');
    const log = await here.call('git_log', { patch: true }, place);
    expect(log.text).toContain('+two');
    expect(log.text).not.toContain('KEY');
  }
  expect((await here.call('git_diff', {})).text).toContain('KEY=new');
});

test('commits are made of paths, of all that changed, or of what is staged', async () => {
  await here.write('a.txt', 'changed\n');
  await here.write('new $x.txt', 'n\n');
  const call = { message: "It's new\n\nFor $x.", paths: ['new $x.txt'] };
  const commit = `git commit -m 'It'\\''s new\n\nFor $x.' -- 'new $x.txt'`;
  expect(await here.actions('git_commit', call)).toEqual([
    { kind: 'shell', command: `git add -- 'new $x.txt' && ${commit}`, cwd: here.root },
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

test('a link is committed as a link, and a deleted file as deleted', async () => {
  await symlink('/etc/hostname', join(here.root, 'link'));
  await Bun.file(join(here.root, 'a.txt')).delete();
  await here.call('git_commit', { message: 'Both', paths: ['link', 'a.txt'] });
  expect((await here.call('git_status', {})).text).toBe('## main');
  const log = await here.call('git_log', { patch: true, limit: 1 });
  expect(log.text).toContain('+/etc/hostname');
  expect(log.text).toContain('deleted file');
});

test('rules and modes see the command that a call comes to', async () => {
  const zekeHome = join(here.root, '../zeke');
  const project = { root: here.root, name: 'project' };
  const verdicts = async (mode: 'plan' | 'ask' | 'full'): Promise<string[]> => {
    const permissions = await Permissions.open({ project, zekeHome, home: zekeHome, mode });
    const calls: [string, object][] = [
      ['git_branch', { action: 'list' }],
      ['git_worktree', { action: 'list' }],
      ['git_commit', { message: 'rm -rf / && "$(x)" `y`', paths: ['a.txt'] }],
      ['git_branch', { action: 'create', name: 'x' }],
      ['git_branch', { action: 'delete', name: 'x' }],
      ['git_worktree', { action: 'add', path: 'tree' }],
      ['git_worktree', { action: 'remove', path: 'tree' }],
    ];
    const judged = calls.map(async ([name, input]) => {
      const { verdict } = await permissions.judge(name, await here.actions(name, input));
      return verdict;
    });
    return await Promise.all(judged);
  };
  expect(await verdicts('plan')).toEqual(['allow', 'allow', ...Array(5).fill('deny')]);
  expect(await verdicts('ask')).toEqual(['allow', 'allow', ...Array(5).fill('ask')]);
  expect(await verdicts('full')).toEqual([
    ...['allow', 'allow', 'allow', 'allow'],
    ...['ask', 'allow', 'ask'],
  ]);
  const allowed = await here.actions('git_branch', { action: 'create', name: 'y' });
  const other = here.call('git_branch', { action: 'create', name: 'z' }, { allowed });
  expect(await other).toMatchObject({
    isError: true,
    text: expect.stringContaining('not what was allowed'),
  });
});

test('a hook that refuses is heard, gets no secrets, and runs only where something is changed', async () => {
  const hook = await here.write(
    '.git/hooks/pre-commit',
    '#!/bin/sh\necho "lint: no $SOME_TOKEN." >&2\nexit 1\n',
  );
  await chmod(hook, 0o755);
  await here.write('a.txt', 'y');
  const refused = await here.call('git_commit', { message: 'x', all: true });
  expect(refused).toMatchObject({ isError: true, text: expect.stringContaining('lint: no .') });
  const spy = await here.write('.git/spy.sh', `#!/bin/sh\ntouch '${here.root}/ran'\n`);
  await chmod(spy, 0o755);
  await here.write('.gitattributes', '*.txt diff=spy\n');
  for (const key of ['core.fsmonitor', 'diff.external', 'core.pager', 'diff.spy.textconv']) {
    await git('config', key, spy);
  }
  await git('config', 'color.ui', 'always');
  for (const name of ['git_status', 'git_log']) await here.call(name, {});
  await here.call('git_blame', { path: 'a.txt' });
  expect((await here.call('git_diff', {})).text).toContain('\n+y');
  expect(await Bun.file(join(here.root, 'ran')).exists()).toBe(false);
});

test('branches and work trees are made, listed and removed', async () => {
  const branch = (input: object) => here.call('git_branch', input);
  expect(await here.actions('git_branch', { action: 'create', name: 'fix/a' })).toEqual([
    { kind: 'shell', command: 'git switch --no-track -c fix/a', cwd: here.root },
  ]);
  await branch({ action: 'create', name: 'fix/a', from: 'HEAD~0' });
  expect((await branch({ action: 'list' })).text).toContain('* fix/a');
  await branch({ action: 'switch', name: 'main' });
  expect((await branch({ action: 'delete', name: 'fix/a' })).text).toContain(
    'Deleted branch fix/a',
  );
  expect((await branch({ action: 'switch', name: 'none' })).isError).toBe(true);
  await expect(branch({ action: 'switch' })).rejects.toThrow('git_branch: name');
  const tree = { path: '../tree', branch: 'side' };
  expect(await here.actions('git_worktree', { action: 'add', ...tree })).toContainEqual({
    kind: 'write',
    path: join(here.root, '../tree'),
    change: 'create',
  });
  const added = await here.call('git_worktree', { action: 'add', ...tree });
  expect(added.isError).toBe(false);
  expect((await here.call('git_worktree', { action: 'list' })).text).toContain('[side]');
  expect(await Bun.file(join(here.root, '../tree/a.txt')).exists()).toBe(true);
  await here.call('git_worktree', { action: 'remove', ...tree });
  expect(await Bun.file(join(here.root, '../tree/a.txt')).exists()).toBe(false);
});

test.each([
  ['git_diff', { revision: '--output=/tmp/x' }],
  ['git_log', { revision: '-p' }],
  ['git_diff', { revision: 'HEAD:.env' }],
  ['git_branch', { action: 'create', name: '-D' }],
  ['git_branch', { action: 'create', name: 'a b' }],
  ['git_worktree', { action: 'add', path: 'x', from: '--force' }],
])('%s refuses what would be an option or a file: %o', (name, input) => {
  expect(() => here.tool(name).parse(input)).toThrow(`${name}: `);
});

test('paths are names, not options and not patterns of git', async () => {
  await here.write('-x.txt', '1\n');
  await here.write('[ab].txt', '2\n');
  await here.write('a.txt', '3\n');
  await here.call('git_commit', { message: 'Odd', paths: ['-x.txt', '[ab].txt'] });
  expect((await here.call('git_status', {})).text).toBe('## main\n M a.txt');
  const none = await here.call('git_log', { paths: [':(glob)**'] });
  expect(none.text).toBe('There is no such commit.');
  const absolute = await here.call('git_log', { paths: [join(here.root, '[ab].txt')] });
  expect(absolute.text).toEndWith('Odd');
});

test('much output is cut, and the rest can be had', async () => {
  const lines = Array.from({ length: 20_000 }, (_none, at) => `line ${at}`);
  await here.write('a.txt', `${lines.join('\n')}\n`);
  const seen: string[] = [];
  for (let offset = 0, isMore = true; isMore; ) {
    const { text } = await here.call('git_diff', { offset });
    expect(text.length).toBeLessThan(50_000);
    const more = /\n\(It is cut here: go on with offset (\d+), or .*\)$/.exec(text);
    seen.push(more === null ? text : text.slice(0, more.index));
    offset = Number(more?.[1]);
    isMore = more !== null;
  }
  expect(seen.length).toBeGreaterThan(3);
  const added = seen
    .join('\n')
    .split('\n')
    .filter((line) => line.startsWith('+line'));
  expect(added).toEqual(lines.map((line) => `+${line}`));
  expect((await here.call('git_diff', { offset: 99_999 })).text).toBe(
    'There are no more than 99999 lines.',
  );
});

test('outside of a repository, and after a cancel, it is told', async () => {
  const cwd = join(here.root, '..');
  const elsewhere = await here.call('git_status', {}, { cwd });
  expect(elsewhere).toMatchObject({ isError: true });
  expect(elsewhere.text).toContain('git status failed: fatal: not a git repository');
  const project = { root: join(here.root, 'below'), name: 'below' };
  await here.write('below/c.txt', '');
  const around = await here.call('git_log', {}, { project, cwd: project.root });
  expect(around.text).toContain('not a git repository');
  const signal = AbortSignal.abort();
  for (const name of ['git_status', 'git_commit']) {
    const call = here.call(name, name === 'git_commit' ? { message: 'x' } : {}, { signal });
    await expect(call).rejects.toMatchObject({ code: 'canceled' });
  }
});

describe.skipIf(skipsWithout('bubblewrap'))('in the sandbox', () => {
  beforeEach(async () => {
    await parts.disposeAsync();
    await open(await findSandbox(Bun.env.PATH));
  });

  test('commits and branches are made, and a hook is as confined as any command', async () => {
    const hook = await here.write('.git/hooks/pre-commit', '#!/bin/sh\ntouch /etc/escaped\n');
    await chmod(hook, 0o755);
    await here.call('git_branch', { action: 'create', name: 'side' });
    await here.write('a.txt', 'changed\n');
    const blocked = await here.call('git_commit', { message: 'x', all: true });
    expect(blocked).toMatchObject({
      isError: true,
      text: expect.stringMatching(/read-only file system/i),
    });
    await Bun.file(hook).delete();
    expect((await here.call('git_commit', { message: 'Changed', all: true })).text).toContain(
      '[side ',
    );
    const outside = await here.actions('git_worktree', { action: 'add', path: '../tree' });
    expect(outside).toContainEqual(expect.objectContaining({ kind: 'shell', reach: 'host' }));
    const inside = await here.call('git_worktree', { action: 'add', path: 'tree' });
    expect(inside.isError).toBe(false);
  });
});

async function git(...args: string[]): Promise<void> {
  const env = { ...author, PATH: Bun.env.PATH };
  const child = Bun.spawn(['git', ...args], { cwd: here.root, env, stderr: 'inherit' });
  expect(await child.exited).toBe(0);
}
