import { afterEach, beforeEach, expect, test } from 'bun:test';
import { type TemporaryDirectory, temporaryDirectory } from '@zeke/foundation/testing';
import { ScriptedModel } from '../testing/scripted-model.ts';
import { plainGit } from '../tools/testing/plain-git.ts';
import { commitMessage } from './commit-message.ts';
import { readChange } from './read-change.ts';

let folder: TemporaryDirectory;
const readGit = plainGit({ PATH: process.env.PATH });
const placeOf = ({ path }: TemporaryDirectory) => ({
  project: { root: path, name: 'project' },
  cwd: path,
  readGit,
});
const { signal } = new AbortController();

async function git(...args: string[]): Promise<void> {
  const identity = ['-c', 'user.name=A', '-c', 'user.email=a@example.com'];
  const child = Bun.spawn(['git', '-C', folder.path, ...identity, ...args], { stdout: 'ignore' });
  expect(await child.exited).toBe(0);
}

const read = (change: Parameters<typeof readChange>[0]) =>
  readChange(change, placeOf(folder), signal);

beforeEach(async () => {
  folder = await temporaryDirectory();
  await git('init', '-q');
  await Bun.write(`${folder.path}/a.txt`, 'one\n');
  await git('add', '-A');
});

afterEach(async () => {
  await folder[Symbol.asyncDispose]();
});

test('what is staged, what is not committed, and a range', async () => {
  expect((await read({ kind: 'staged' })).diff).toContain('+one');
  expect((await read({ kind: 'working-tree' })).diff).toContain('+one');
  await git('commit', '-q', '-m', 'First');
  await Bun.write(`${folder.path}/a.txt`, 'two\n');
  expect((await read({ kind: 'staged' })).diff).toBe('');
  expect((await read({ kind: 'working-tree' })).diff).toContain('+two');
  await git('commit', '-q', '-a', '-m', 'Second', '-m', 'For a reason');
  const range = await read({ kind: 'range', range: 'HEAD~1' });
  expect(range.diff).toContain('-one');
  expect(range.messages).toBe('Second\n\nFor a reason');
  expect((await read({ kind: 'range', range: 'HEAD~1...HEAD' })).messages).toContain('Second');
});

test('a range that is none, a flag in its place, and no repository at all', async () => {
  for (const range of ['nowhere', '--output=x', '']) {
    await expect(read({ kind: 'range', range })).rejects.toMatchObject({
      code: 'invalid_argument',
    });
  }
  await using other = await temporaryDirectory();
  const outside = readChange({ kind: 'staged' }, placeOf(other), signal);
  await expect(outside).rejects.toMatchObject({ code: 'failed_precondition' });
});

test('a message is asked for what is staged, and cleaned of what stands around it', async () => {
  const model = new ScriptedModel([{ text: '```\nAdd a.txt  \n\nSo that it is there\n```' }]);
  const request = { ...placeOf(folder), model: 'scripted/model', subjects: ['Earlier one'] };
  const { files, message } = await commitMessage(model, { ...request, hint: 'for Ada' }, signal);
  expect(message).toBe('Add a.txt\n\nSo that it is there');
  expect(files).toEqual(['a.txt']);
  await git('commit', '-q', '-m', 'First');
  await expect(commitMessage(model, request, signal)).rejects.toMatchObject({
    code: 'failed_precondition',
    message: expect.stringContaining('git add'),
  });
});

test('of a change of many megabytes the beginning is read', async () => {
  await git('commit', '-q', '-m', 'First');
  await Bun.write(`${folder.path}/a.txt`, 'a line that came\n'.repeat(1_000_000));
  const { diff } = await read({ kind: 'working-tree' });
  expect(diff).toStartWith('diff --git a/a.txt b/a.txt');
  expect(diff).toEndWith('+a line that came\n');
  expect(diff.length).toBeWithin(7 * 2 ** 20, 8 * 2 ** 20 + 1);
});
