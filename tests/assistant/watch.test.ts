import { afterAll, beforeAll, expect, test } from 'bun:test';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tokensOfAnswer as usage } from '@zeke/daemon/testing';
import type { Brain } from '@zeke/emulators';
import { type ProjectHouse, projectHouse } from './project-house.ts';

const limitMs = 90_000;

/** Answers questions; else sorts as it is told, and takes the comment away. */
const helper: Brain = ({ turns }) => {
  const asked = turns.findLast(({ role }) => role === 'user')?.text ?? '';
  if (asked.includes('Change nothing.')) {
    return { text: 'They are sorted by price.', finish: 'stop', usage };
  }
  const [, path = ''] = /^(\S+\.sql):\d+ /m.exec(asked) ?? [];
  const content = asked.includes('leave it') ? '-- leave it AI!\nselect b;\n' : 'select b;\n';
  const calls = [
    { name: 'read_file', arguments: { path } },
    { name: 'write_file', arguments: { path, content } },
  ];
  const own = turns.slice(turns.findLastIndex(({ role }) => role === 'user'));
  const call = calls[own.filter(({ role }) => role === 'tool').length];
  if (call === undefined) return { text: 'Sorted them.', finish: 'stop', usage };
  return { toolCalls: [call], finish: 'tool-calls', usage };
};

let house: ProjectHouse;

beforeAll(async () => {
  house = await projectHouse({ 'a.sql': 'select a;\n', 'b.sql': 'select a;\n' }, helper);
}, limitMs);

afterAll(async () => {
  await house[Symbol.asyncDispose]();
}, limitMs);

async function write(path: string, text: string): Promise<void> {
  await Bun.write(join(house.root, path), text);
}

test(
  'comments are done and answered as they are saved, in one session, until Ctrl-C',
  async () => {
    await using watch = house.start('watch', '--mode', 'auto-edit');
    await watch.stderr.until(/watching project, 2 files/);
    await write('b.sql', '-- by price AI\nselect a;\n');
    await watch.stderr.until(/noted, waits for AI! or AI\?: b\.sql:1 by price AI\n/);
    await write('a.sql', '-- Sort them. AI!\nselect a;\n');
    await watch.stderr.until(/▸ a\.sql:1 Sort them\. AI!\n(?:.*\n)*✔ Sorted them\./);
    expect(await readFile(join(house.root, 'a.sql'), 'utf8')).toBe('select b;\n');
    expect(watch.stdout.text).toContain('Sorted them.');
    await watch.stderr.until(/still there, no command until it changes: b\.sql:1 by price AI\n/);
    await write('b.sql', 'select a;\nselect c; -- how are they sorted? ai?\n');
    await watch.stdout.until(/They are sorted by price\.\n/);
    await write('b.sql', '-- leave it AI!\n');
    await watch.stderr.until(/still there, no command until it changes: b\.sql:1 leave it AI!\n/);
    watch.kill('SIGINT');
    expect(await watch.exited).toBe(130);
    const { stdout } = await house.zeke('sessions', '--json');
    const sessions: { title: string }[] = JSON.parse(stdout);
    expect(sessions.map(({ title }) => title)).toEqual([
      expect.stringMatching(/^a\.sql:1 Sort them\. AI! /),
    ]);
  },
  limitMs,
);

test(
  'with --json all is lines of JSON, and what would be asked is denied',
  async () => {
    await house.run('git', 'checkout', '-q', '.');
    await using watch = house.start('watch', '--json', '--mode', 'ask');
    await watch.stdout.until(/"watching"/);
    await write('a.sql', '-- Sort them. AI!\n');
    await watch.stdout.until(/"settled".*\n/);
    await write('a.sql', '-- How? AI?\n');
    await watch.stdout.until(/"answer".*\n(?:.*\n)*.*"settled".*\n/);
    watch.kill('SIGTERM');
    await watch.exited;
    const lines = watch.stdout.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const comment = { path: 'a.sql', line: 1, endLine: 1, kind: 'do', text: 'Sort them. AI!' };
    expect(lines[0]).toEqual({ watching: { project: 'project', files: 2, waiting: [] } });
    expect(lines[1]).toEqual({ task: { kind: 'do', comments: [comment] } });
    const results = lines.flatMap(({ toolResult }) => toolResult ?? []);
    expect(results.at(-1)).toMatchObject({ isError: true, summary: 'denied' });
    expect(lines.filter(({ settled }) => settled).map(({ settled }) => settled)).toEqual([
      { done: true, left: [comment], written: [] },
      { done: true, left: [], written: [] },
    ]);
    expect(lines.find(({ answer }) => answer)).toMatchObject({
      answer: { text: 'They are sorted by price.' },
    });
  },
  limitMs,
);

test(
  'Ctrl-C ends the task under way, and the watch goes on',
  async () => {
    await house.run('git', 'checkout', '-q', '.');
    await using watch = house.start('watch', '--json', '--mode', 'auto-edit');
    await watch.stdout.until(/"watching"/);
    house.emulator.faults.push({ kind: 'silence' });
    await write('a.sql', '-- Sort them. AI!\n');
    await watch.stdout.until(/"started"/);
    watch.kill('SIGINT');
    await watch.stdout.until(/"settled":\{"done":false/);
    // It may have been ended before it asked.
    house.emulator.faults.splice(0);
    await write('a.sql', '\n-- Sort them. AI!\n');
    await watch.stdout.until(/"settled":\{"done":true,"left":\[\]/);
    watch.kill('SIGINT');
    expect(await watch.exited).toBe(130);
  },
  limitMs,
);
