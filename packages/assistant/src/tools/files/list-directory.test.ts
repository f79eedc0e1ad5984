import { expect, test } from 'bun:test';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { toolBench } from '../testing/tool-bench.ts';
import { fileTools } from './file-tools.ts';

test('folders first, with sizes, links and as deep as is asked', async () => {
  await using here = await toolBench(fileTools(), {
    'b.ts': 'xyz',
    'src/deep/a.ts': '',
    'node_modules/x/y': '',
  });
  await symlink('b.ts', join(here.root, 'a-link'));
  expect(await here.call('list_directory', {})).toEqual({
    text: 'node_modules/\nsrc/\na-link -> b.ts\nb.ts (3)',
    summary: '.: 4 entries',
  });
  const deep = await here.call('list_directory', { path: '.', depth: 3 });
  expect(deep.text).toBe('node_modules/\nsrc/\n  deep/\n    a.ts (0)\na-link -> b.ts\nb.ts (3)');
  expect(await here.actions('list_directory', { path: 'src' })).toEqual([
    { kind: 'read', path: join(here.root, 'src') },
  ]);
});

test('what cannot be listed is told', async () => {
  await using here = await toolBench(fileTools(), { a: '' });
  const list = async (path: string) => (await here.call('list_directory', { path })).text;
  expect(await list('a')).toContain('is a file and not a folder');
  expect(await list('none')).toContain('none: is not there');
});

test('too many entries are cut, and it is said', async () => {
  const files = Object.fromEntries(Array.from({ length: 1_001 }, (_, index) => [`f${index}`, '']));
  await using here = await toolBench(fileTools(), files);
  const { summary, text } = await here.call('list_directory', {});
  expect(text.split('\n')).toHaveLength(1_001);
  expect(text).toContain('(There are more than these 1000');
  expect(summary).toBe('.: over 1000 entries');
});
