import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdir, symlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { type ToolBench, toolBench } from '../testing/tool-bench.ts';
import { searchTools } from './search-tools.ts';

let bench: ToolBench;

beforeEach(async () => {
  bench = await toolBench(searchTools(), {
    'src/cart.ts': 'export function total(items: number[]) {\n  return sum(items);\n}\n',
    'src/sum.ts': 'export const sum = (a: number[]) => a.reduce((x, y) => x + y, 0);\n',
    'README.md': '# Total\nsum of all\n',
    '.gitignore': 'dist/\n',
    'dist/cart.js': 'total()\n',
    'image.bin': new Uint8Array([0, 1, 2, 0, 115, 117, 109]),
  });
  await mkdir(join(bench.root, '.git'));
});

afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

test('lines are found with file and number, and ignored and binary files left out', async () => {
  const { summary, text } = await bench.call('grep', { pattern: '\\bsum\\b' });
  expect(text).toContain('src/cart.ts:2:  return sum(items);');
  expect(text).toContain('README.md:2:sum of all');
  expect(text).not.toContain('image.bin');
  expect((await bench.call('grep', { pattern: 'total' })).text).not.toContain('dist/');
  expect(summary).toBe('3 lines');
});

test('files and counts, by glob, case and folder', async () => {
  const files = await bench.call('grep', { pattern: 'TOTAL', ignore_case: true, mode: 'files' });
  expect(files.text).toBe('README.md\nsrc/cart.ts');
  const counts = await bench.call('grep', { pattern: 'sum', mode: 'count', glob: '*.ts' });
  expect(counts.text).toBe('src/cart.ts:1\nsrc/sum.ts:1');
  const below = await bench.call('grep', { pattern: 'sum', path: 'src', mode: 'files' });
  expect(below.text).toBe('Paths start at src.\ncart.ts\nsum.ts');
  const one = await bench.call('grep', { pattern: 'a[0]', path: 'src/sum.ts', literal: true });
  expect(one.text).toContain('Nothing');
});

test('what is left over is told with how to get it', async () => {
  await bench.write('many.txt', 'needle\n'.repeat(30));
  const first = await bench.call('grep', { pattern: 'needle', max_results: 20 });
  expect(first.text).toContain('offset 20');
  const rest = await bench.call('grep', { pattern: 'needle', max_results: 20, offset: 20 });
  expect(rest.text.split('\n')).toHaveLength(10);
});

test('a pattern that is none is told with the reason; one that looks like a flag is a pattern', async () => {
  const wrong = await bench.call('grep', { pattern: '(' });
  expect(wrong).toMatchObject({ isError: true, text: expect.stringContaining('unclosed group') });
  expect((await bench.call('grep', { pattern: '--files' })).text).toContain('Nothing');
});

test('links are not followed out of the project', async () => {
  await bench.write('../secret/key.txt', 'needle');
  await symlink(join(bench.root, '../secret'), join(bench.root, 'link'));
  expect((await bench.call('grep', { pattern: 'needle' })).text).toContain('Nothing');
  const actions = await bench.actions('grep', { pattern: 'needle', path: 'link' });
  expect(actions).toEqual([{ kind: 'read', path: join(bench.root, '../secret') }]);
});

test('files are found by name, the newest first where that is asked', async () => {
  expect((await bench.call('glob', { pattern: '*.ts' })).text).toBe('src/cart.ts\nsrc/sum.ts');
  expect((await bench.call('glob', { pattern: '**/*.js' })).text).toContain('No file');
  const all = await bench.call('glob', { pattern: '**/*.js', include_ignored: true });
  expect(all.text).toBe('dist/cart.js');
  await utimes(join(bench.root, 'src/cart.ts'), 1, 1);
  const newest = await bench.call('glob', { pattern: '*.ts', sort: 'newest' });
  expect(newest.text).toBe('src/sum.ts\nsrc/cart.ts');
  const few = await bench.call('glob', { pattern: '*.{ts,md}', max_results: 2 });
  expect(few.text).toContain('There are 3');
  expect(await bench.call('glob', { pattern: '*', path: 'nowhere' })).toMatchObject({
    isError: true,
  });
});

test('a canceled search ends', async () => {
  const signal = AbortSignal.abort();
  const search = bench.call('grep', { pattern: 'x' }, { signal });
  await expect(search).rejects.toMatchObject({ code: 'canceled' });
});

test('files that must not be read are not found either', async () => {
  const hides = (path: string) => path === join(bench.root, 'src/sum.ts');
  for (const mode of ['content', 'files', 'count']) {
    const { text } = await bench.call('grep', { pattern: 'sum', mode, context: 1 }, { hides });
    expect(text).toContain('src/cart.ts');
    expect(text).not.toContain('sum.ts');
    expect(text).not.toContain('reduce');
  }
  expect((await bench.call('glob', { pattern: '*.ts' }, { hides })).text).toBe('src/cart.ts');
});
