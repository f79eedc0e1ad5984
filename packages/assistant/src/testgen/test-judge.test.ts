import { expect, test } from 'bun:test';
import type { Action } from '../permissions/action.ts';
import { testJudge } from './test-judge.ts';

const cargo = { name: 'cargo', cwd: '/shop', command: 'cargo test', all: '' } as const;
const runner = { name: 'bun', cwd: '/shop', command: 'bun test', all: '' } as const;

function judgeFor(verdict: 'allow' | 'ask' | 'deny') {
  const judge = { judge: async () => ({ verdict, reason: '', remembers: [] }) };
  return testJudge({ judge: { ...judge, remember: async () => {} }, root: '/shop', runner });
}

async function verdictOf(action: Action, session: 'allow' | 'ask' | 'deny' = 'allow') {
  return (await judgeFor(session).judge('tool', [action])).verdict;
}

const shell = (command: string, more: object = {}): Action => ({
  kind: 'shell',
  command,
  cwd: '/shop',
  ...more,
});
const write = (path: string, change: 'create' | 'modify' | 'delete' = 'create'): Action => ({
  kind: 'write',
  path,
  change,
});

test('the command of the tests may run, with names of tests after it', async () => {
  for (const command of ['bun test', 'bun test a.test.ts', 'bun test ./src/a.spec.tsx b_test.go']) {
    expect([command, await verdictOf(shell(command), 'ask')]).toEqual([command, 'allow']);
  }
});

test('cargo is told the names of tests', async () => {
  const base = { judge: async () => ({ verdict: 'ask' as const, reason: '', remembers: [] }) };
  const judge = { ...base, remember: async () => {} };
  const cargoJudge = testJudge({ judge, root: '/shop', runner: cargo });
  const verdict = async (command: string) =>
    (await cargoJudge.judge('shell', [shell(command)])).verdict;
  expect(await verdict('cargo test')).toBe('allow');
  expect(await verdict('cargo test --test sum --test sub-sum')).toBe('allow');
  for (const more of ['--test ../x', '--test a --config x', '--', '--test a; id', 'tests/a.rs']) {
    expect([more, await verdict(`cargo test ${more}`)]).toEqual([more, 'deny']);
  }
  expect(await verdictOf(write('/shop/tests/sum.rs'))).toBe('allow');
  expect(await verdictOf(write('/shop/src/sum.rs'))).toBe('deny');
});

test('nothing else may run', async () => {
  const commands = [
    'bun tests',
    'bun test; id',
    'bun test $(id).test.ts',
    'bun test --preload=evil.test.ts',
    'bun test ../other/a.test.ts',
    'bun test /etc/a.test.ts',
    'bun test a.test.ts\nid',
    'bun test a.test.ts > b.test.ts',
    'id',
  ];
  for (const command of commands) {
    expect([command, await verdictOf(shell(command))]).toEqual([command, 'deny']);
  }
  expect(await verdictOf(shell('bun test', { reach: 'host' }))).toBe('deny');
  expect(await verdictOf(shell('bun test', { cwd: '/' }))).toBe('deny');
  expect(await verdictOf({ kind: 'fetch', url: 'https://example.com/' })).toBe('deny');
});

test('files with tests are written, and no others', async () => {
  expect(await verdictOf(write('/shop/src/a.test.ts'))).toBe('allow');
  expect(await verdictOf(write('/shop/test_a.py', 'modify'))).toBe('allow');
  const refused = [
    write('/shop/src/a.ts'),
    write('/shop/src/a.test.ts', 'delete'),
    write('/other/a.test.ts'),
    write('/shop/.git/hooks/a.test.ts'),
    write('/shop/node_modules/x/a.test.ts'),
  ];
  for (const action of refused) expect(await verdictOf(action)).toBe('deny');
});

test('what rules of the session deny stays denied', async () => {
  expect(await verdictOf(shell('bun test'), 'deny')).toBe('deny');
  expect(await verdictOf(write('/shop/a.test.ts'), 'deny')).toBe('deny');
  expect(await verdictOf(write('/shop/a.test.ts'), 'ask')).toBe('ask');
});
