import { expect, test } from 'bun:test';
import { toolBench } from '../testing/tool-bench.ts';
import { noteTools } from './note-tools.ts';

test('a list says how far it is, and is checked', async () => {
  await using bench = await toolBench(noteTools());
  const items = [
    { text: 'read', status: 'completed' },
    { text: 'mend', status: 'in_progress' },
    { text: 'test', status: 'in_progress' },
  ];
  const { summary, text } = await bench.call('todo', { items });
  expect(summary).toBe('1 of 3 done');
  expect(text).toContain('only one');
  expect(() => bench.tool('todo').parse({ items: [{ text: '', status: 'done' }] })).toThrow(
    /items\.0\.text.*items\.0\.status/,
  );
});

test('a thought changes nothing', async () => {
  await using bench = await toolBench(noteTools());
  expect(await bench.actions('think', { thought: 'hm' })).toEqual([]);
  expect((await bench.call('think', { thought: 'hm' })).text).toBe('Go on.');
});
