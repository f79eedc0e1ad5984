import { expect, test } from 'bun:test';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { LocalCompleter } from './local-completer.ts';
import { LocalCompleters } from './local-completers.ts';

const environment = { PATH: process.env.PATH ?? '' };

test('a project is opened once, and kept as long as there is room', async () => {
  await using first = await temporaryDirectory();
  await using second = await temporaryDirectory();
  await using completers = new LocalCompleters({ environment });
  const completer = completers.of(first.path);
  expect(completers.of(second.path)).not.toBe(completer);
  expect(completers.of(first.path)).toBe(completer);
  expect(completers.roots).toEqual([second.path, first.path]);
  expect(completers.peek(first.path)).toBe(completer);
  await completers.close(first.path);
  expect(completers.peek(first.path)).toBeUndefined();
});

test('what was not used for longest is given up for memory, and read again when asked', async () => {
  await using first = await temporaryDirectory();
  await using second = await temporaryDirectory();
  const text = Array.from({ length: 2000 }, (_, i) => `setup${i}(value);`).join('\n');
  await writeFile(join(first.path, 'a.ts'), text);
  await writeFile(join(second.path, 'a.ts'), text);
  await using completers = new LocalCompleters({ environment, maxBytes: 300_000 });
  await completers.of(first.path).ready();
  const old = completers.of(first.path);
  await completers.of(second.path).ready();
  await Promise.resolve();
  expect(completers.roots).toEqual([second.path]);
  expect(old.complete({ path: 'b.ts', prefix: 'set', suffix: '' }).suggestions).toEqual([]);
  await completers.of(first.path).ready();
  expect(completers.of(first.path).status.files).toBe(1);
});

test('before a project is given up it lives on less, and answers all the same', async () => {
  await using first = await temporaryDirectory();
  await using second = await temporaryDirectory();
  const text = Array.from({ length: 2000 }, (_, i) => `setup${i % 9}(value);`).join('\n');
  await writeFile(join(first.path, 'a.ts'), text);
  await writeFile(join(second.path, 'a.ts'), text);
  await using alone = LocalCompleter.open({ root: first.path, environment });
  await alone.ready();
  const full = alone.bytes;
  await using completers = new LocalCompleters({ environment, maxBytes: full * 1.6 });
  await completers.of(first.path).ready();
  await completers.of(second.path).ready();
  await Promise.resolve();
  const old = completers.peek(first.path);
  expect(completers.roots).toEqual([first.path, second.path]);
  expect(old?.isFull).toBe(false);
  expect(old?.bytes).toBeLessThan(full / 2);
  const request = { path: 'b.ts', prefix: 'setup1(value);\nsetup2(', suffix: '' };
  expect(old?.complete(request).suggestions[0]?.text).toStartWith('value');
  expect(completers.of(first.path)).toBe(old!);
  await old?.fill();
  expect(old?.isFull).toBe(true);
  expect(old?.bytes).toBeGreaterThan(full * 0.9);
});
