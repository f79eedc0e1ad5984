import { expect, test } from 'bun:test';
import { ServerWork } from './server-work.ts';

const never = new AbortController().signal;
const limits = { beginMs: 60_000, limitMs: 60_000 };

test('a server that says when it is ready is waited for, again after it was not', async () => {
  const work = new ServerWork(false);
  expect(await work.untilReady(1, never)).toBe(false);
  const ready = work.untilReady(60_000, never);
  work.ready(true);
  expect(await ready).toBe(true);
  work.ready(false);
  expect(await work.untilReady(1, never)).toBe(false);
  expect(await new ServerWork(true).untilReady(0, never)).toBe(true);
});

test('a check that begins is waited for until it is over, and no other work is', async () => {
  const work = new ServerWork(true);
  let isOver = false;
  const done = work.untilDone('flycheck', 0, limits, never).then((value) => {
    isOver = true;
    return value;
  });
  work.progress('indexing', false);
  work.progress('rust-analyzer/Flycheck/0', false);
  work.progress('rust-analyzer/Flycheck/1', false);
  work.progress('rust-analyzer/Flycheck/0', true);
  await new Promise(setImmediate);
  expect(isOver).toBe(false);
  work.progress('rust-analyzer/Flycheck/1', true);
  expect(await done).toBe(true);
  expect(work.begun('flycheck')).toBe(2);
});

test('where none begins there is nothing to wait for; one that does not end is told', async () => {
  const work = new ServerWork(true);
  expect(await work.untilDone('flycheck', 0, { beginMs: 1, limitMs: 1 }, never)).toBe(true);
  work.progress('flycheck', false);
  expect(await work.untilDone('flycheck', 0, { beginMs: 1, limitMs: 1 }, never)).toBe(false);
  const gone = AbortSignal.abort(new Error('left'));
  await expect(work.untilDone('flycheck', 1, limits, gone)).rejects.toThrow('left');
});
