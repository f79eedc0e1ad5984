import { expect, test } from 'bun:test';
import { chmod, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '../../testing/temporary-folder.ts';
import { History } from './history.ts';

test('a history is found again by the next one, several lines are one input', async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'state/zrpc/history');
  const first = new History({ path });
  await first.load();
  for (const input of ['one', 'two {\n}', 'two {\n}', '  ', 'one']) first.add(input);
  await first.flush();
  const second = new History({ path });
  await second.load();
  expect(second.inputs).toEqual(['one', 'two {\n}', 'one']);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test('what may not be kept stays out of the file, and strangers cannot read it any more', async () => {
  await using folder = await temporaryFolder();
  const path = await folder.write('history', '"old"\nbroken\n7\n');
  await chmod(path, 0o644);
  const keep = (input: string): string | undefined =>
    input.startsWith('secret') ? undefined : input.replace(/token \S+/, 'token …');
  const history = new History({ path, keep });
  await history.load();
  for (const input of ['secret 1', 'use token abc']) history.add(input);
  await history.flush();
  expect(history.inputs).toEqual(['old', 'secret 1', 'use token abc']);
  expect(await Bun.file(path).text()).toBe('"old"\nbroken\n7\n"use token …"\n');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test('a long file is shortened, to the newest inputs', async () => {
  await using folder = await temporaryFolder();
  const lines = Array.from({ length: 10_001 }, (_, i) => `${JSON.stringify(`input ${i}`)}\n`);
  const path = await folder.write('history', lines.join(''));
  const history = new History({ path });
  await history.load();
  expect(history.inputs).toHaveLength(5_000);
  expect(history.inputs.at(-1)).toBe('input 10000');
  const text = await Bun.file(path).text();
  expect(text.split('\n')).toHaveLength(5_001);
});

test('without a file, or one that cannot be written, it lives as long as the process', async () => {
  for (const path of [undefined, '/proc/nowhere/history']) {
    const history = new History({ path });
    await history.load();
    history.add('one');
    history.add('x'.repeat(100_000));
    await history.flush();
    expect(history.inputs).toEqual(['one']);
  }
});
