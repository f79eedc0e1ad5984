import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { ParserThread, type ParserThreadOptions } from './parser-thread.ts';
import { testProject } from './testing/test-project.ts';

const { signal } = new AbortController();

/** A worker that answers each file but `crash.ts`, on which it dies, and `hang.ts`, on which it stops. */
const oddWorker = `
self.onmessage = ({ data }) => {
  if (!data.files) return;
  for (const { path } of data.files) {
    if (path === 'hang.ts') return;
    const outcome = { kind: 'skipped', stamp: { size: 1, mtimeMs: 1 }, reason: 'binary' };
    self.postMessage({ id: data.id, outcomes: [{ path, outcome }], isLast: false });
    if (path === 'crash.ts') throw new Error('trapped');
  }
  self.postMessage({ id: data.id, outcomes: [], isLast: true });
};
self.postMessage({ isReady: true });`;

async function outcomesOf(thread: ParserThread, paths: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  await thread.parse(
    {
      root: '/',
      files: paths.map((path) => ({ path })),
      onOutcomes: (outcomes) => {
        for (const { path, outcome } of outcomes) {
          found.push(outcome.kind === 'skipped' ? `${path} ${outcome.reason}` : path);
        }
      },
    },
    signal,
  );
  return found;
}

async function withWorker(
  source: string,
  options: ParserThreadOptions,
  use: (thread: ParserThread) => Promise<void>,
): Promise<void> {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'worker.ts');
  await Bun.write(path, source);
  await using thread = new ParserThread({ ...options, workerUrl: Bun.pathToFileURL(path) });
  await use(thread);
}

describe('a thread that', () => {
  test('dies goes on behind the file that did it', async () => {
    await withWorker(oddWorker, {}, async (thread) => {
      expect(await outcomesOf(thread, ['a.ts', 'crash.ts', 'b.ts', 'crash.ts', 'c.ts'])).toEqual([
        'a.ts binary',
        'crash.ts binary',
        'b.ts binary',
        'crash.ts binary',
        'c.ts binary',
      ]);
    });
  });

  test('hangs is ended, and the files it may hang on are passed over', async () => {
    await withWorker(oddWorker, { stallMs: 200 }, async (thread) => {
      const paths = ['a.ts', 'hang.ts', ...Array.from({ length: 20 }, (_, at) => `f${at}.ts`)];
      const outcomes = await outcomesOf(thread, paths);
      expect(outcomes).toHaveLength(paths.length);
      expect(outcomes.slice(0, 2)).toEqual(['a.ts binary', 'hang.ts too-slow']);
      expect(outcomes.at(-1)).toBe('f19.ts binary');
    });
  });

  test('cannot start is told', async () => {
    await withWorker('throw new Error("no");', {}, async (thread) => {
      await expect(outcomesOf(thread, ['a.ts'])).rejects.toMatchObject({ code: 'unavailable' });
    });
  });
});

test('it ends when there is no work, and starts again when there is', async () => {
  await using thread = new ParserThread({ idleMs: 0 });
  for (let round = 0; round < 2; round++) {
    expect(await outcomesOf(thread, ['gone.ts'])).toEqual(['gone.ts gone']);
    expect(thread.isRunning).toBe(true);
    while (thread.isRunning) await new Promise(setImmediate);
  }
});

test('jobs of several projects run at once, and one that is canceled leaves the others', async () => {
  await using thread = new ParserThread();
  await using one = await testProject({ 'a.ts': 'let first = 1' });
  const controller = new AbortController();
  const files = Array.from({ length: 200 }, () => ({ path: 'a.ts' }));
  let count = 0;
  const onOutcomes = (outcomes: readonly unknown[]): void => {
    count += outcomes.length;
  };
  const canceled = thread.parse({ root: one.root, files, onOutcomes: () => {} }, controller.signal);
  const whole = thread.parse({ root: one.root, files, onOutcomes }, signal);
  controller.abort();
  await expect(canceled).rejects.toMatchObject({ code: 'canceled' });
  await whole;
  expect(count).toBe(200);
});
