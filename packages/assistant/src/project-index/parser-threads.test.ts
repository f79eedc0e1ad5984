import { expect, test } from 'bun:test';
import { ParserThreads } from './parser-threads.ts';
import { testProject } from './testing/test-project.ts';

const { signal } = new AbortController();

test('as many threads run as there are jobs, up to the limit, and none without work', async () => {
  await using threads = new ParserThreads(2, { idleMs: 0 });
  await using project = await testProject({ 'a.ts': 'let first = 1' });
  const parse = async (): Promise<number> => {
    let count = 0;
    const files = [{ path: 'a.ts' }, { path: 'a.ts' }];
    const onOutcomes = (outcomes: readonly unknown[]): void => {
      count += outcomes.length;
    };
    await threads.parse({ root: project.root, files, onOutcomes }, signal);
    return count;
  };
  expect(threads.running).toBe(0);
  const alone = parse();
  expect(threads.running).toBe(1);
  const others = [parse(), parse()];
  expect(threads.running).toBe(2);
  expect(await Promise.all([alone, ...others])).toEqual([2, 2, 2]);
  while (threads.running > 0) await new Promise(setImmediate);
});
