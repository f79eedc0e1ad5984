import { expect, test } from 'bun:test';
import { open, rename, symlink, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { toolBench } from '../testing/tool-bench.ts';
import { fileTools } from './file-tools.ts';

const bench = (files: Record<string, string | Uint8Array> = {}) => toolBench(fileTools(), files);

test('lines after their numbers, or plain', async () => {
  await using here = await bench({ 'src/a.ts': 'one\n\nthree' });
  expect(await here.call('read_file', { path: 'src/a.ts' })).toMatchObject({
    text: '1\tone\n2\t\n3\tthree',
    summary: 'src/a.ts: 3 lines',
  });
  expect((await here.call('readFile', { path: 'src/a.ts', plain: true })).text).toBe(
    'one\n\nthree',
  );
});

test('a part of it, and how to go on', async () => {
  await using here = await bench({
    a: Array.from({ length: 9 }, (_, i) => `l${i + 1}\n`).join(''),
  });
  const part = await here.call('read_file', { path: 'a', offset: 3, limit: 2 });
  expect(part.text).toBe('3\tl3\n4\tl4\n(These are lines 3-4 of 9. Go on with offset 5.)');
  expect((await here.call('read_file', { path: 'a', offset: 9 })).text).toBe('9\tl9');
  const beyond = await here.call('read_file', { path: 'a', offset: 10 });
  expect(beyond).toMatchObject({ isError: true, text: 'a has no line 10: the file has 9 lines' });
});

test('at most 64 KiB come at once, and long lines are cut', async () => {
  const lines = Array.from({ length: 1_000 }, () => 'x'.repeat(200));
  await using here = await bench({ many: lines.join('\n'), long: `${'y'.repeat(9_000)}\nend` });
  const { text } = await here.call('read_file', { path: 'many' });
  expect(text.length).toBeLessThan(66_000);
  const next = Number(/Go on with offset (\d+)/.exec(text)?.[1]);
  expect(text).toContain(`\n${next - 1}\t`);
  expect((await here.call('read_file', { path: 'many', offset: next })).text).toStartWith(
    `${next}\t`,
  );
  const cut = (await here.call('read_file', { path: 'long' })).text;
  expect(cut).toBe(`1\t${'y'.repeat(2_000)}… (the line has 9000 characters)\n2\tend`);
});

test('encodings are read and told', async () => {
  await using here = await bench({
    latin: Buffer.from('caf\xe9\r\n', 'latin1'),
    wide: Buffer.from('\ufeffa\n', 'utf16le'),
    marked: '\ufeffa\n',
    empty: '',
  });
  expect((await here.call('read_file', { path: 'latin' })).text).toBe(
    '1\tcafé\n(It is not UTF-8 and was read as Latin-1.)',
  );
  expect((await here.call('read_file', { path: 'wide' })).text).toBe('1\ta\n(It is utf-16le.)');
  expect((await here.call('read_file', { path: 'marked' })).text).toBe('1\ta');
  expect((await here.call('read_file', { path: 'empty' })).text).toBe('empty is empty.');
});

test('a gigabyte is read only as far as it must be', async () => {
  await using here = await bench({ log: 'first\nsecond\n' });
  const path = join(here.root, 'log');
  await truncate(path, 1024 ** 3);
  expect(await here.call('read_file', { path: 'log', limit: 2 })).toMatchObject({
    isError: true,
    text: expect.stringContaining('log is binary'),
  });
  const file = await open(path, 'r+');
  const block = Buffer.alloc(1024 * 1024, 'a line of a log, with its end\n');
  for (let at = 0; at < 12; at++) await file.write(block, 0, block.length, at * block.length);
  await file.close();
  const { text } = await here.call('read_file', { path: 'log', offset: 30_000, limit: 2 });
  expect(text).toBe(
    '30000\ta line of a log, with its end\n30001\ta line of a log, with its end\n(These are lines 30000-30001 of more. Go on with offset 30002.)\n(The file has 1024 MiB; grep finds lines in it.)',
  );
});

test('of a file that is too large to hold, all parts come as they are', async () => {
  const lines = Array.from(
    { length: 300_000 },
    (_, index) => `line ${index + 1} ${'é'.repeat(14)}`,
  );
  await using here = await bench({ big: `${lines.join('\r\n')}\r\n` });
  for (const offset of [1, 6_554, 299_990]) {
    const plain = { path: 'big', offset, limit: 20, plain: true };
    const { text } = await here.call('read_file', plain);
    const shown = lines.slice(offset - 1, offset + 19).join('\n');
    expect(text.split('\n(')[0]).toBe(shown);
  }
  const beyond = await here.call('read_file', { path: 'big', offset: 300_001 });
  expect(beyond.text).toBe('big has no line 300001: the file has 300000 lines');
});

test('images are shown, other binary files are not', async () => {
  const png = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
  await using here = await bench({
    'a.png': png,
    'b.bin': Uint8Array.of(1, 0, 2),
    'big.png': Buffer.concat([png, Buffer.alloc(3_750_000)]),
  });
  expect(await here.call('read_file', { path: 'a.png' })).toMatchObject({
    images: [{ mediaType: 'image/png', base64: png.toString('base64') }],
  });
  expect((await here.call('read_file', { path: 'b.bin' })).text).toStartWith('b.bin is binary');
  expect((await here.call('read_file', { path: 'big.png' })).text).toContain('too large');
});

test('what is no file is told: folders, pipes, devices, nothing', async () => {
  await using here = await bench({ 'src/index.ts': '' });
  Bun.spawnSync(['mkfifo', join(here.root, 'pipe')]);
  const told = async (path: string) => {
    const { isError, text } = await here.call('read_file', { path });
    expect(isError).toBe(true);
    return text;
  };
  expect(await told('src')).toBe('src: is a folder; look into it with list_directory');
  expect(await told('pipe')).toContain('is a named pipe, not a file');
  expect(await told('/dev/zero')).toContain('is a device, not a file');
  expect(await told('src/indx.ts')).toBe('src/indx.ts is not there; near it: index.ts');
  expect(await told('src/zzz')).toContain('look with list_directory or glob');
});

test('arguments are checked, with what is right said', async () => {
  await using here = await bench();
  expect(here.call('read_file', { file_path: 'a' })).rejects.toThrow(
    /read_file: path: .*file_path/,
  );
  expect(here.call('read_file', { path: 'a', offset: 0 })).rejects.toThrow('read_file: offset: ');
});

test('it says what it reads, links resolved, and reads nothing else', async () => {
  await using here = await bench({ 'a.txt': 'mine', '../secret': 'theirs' });
  await symlink('a.txt', join(here.root, 'link'));
  const actions = await here.actions('read_file', { path: 'link' });
  expect(actions).toEqual([{ kind: 'read', path: join(here.root, 'a.txt') }]);
  await symlink('../secret', join(here.root, 'link2'));
  await rename(join(here.root, 'link2'), join(here.root, 'link'));
  const output = await here.call('read_file', { path: 'link' }, { allowed: actions });
  expect(output.isError).toBe(true);
  expect(output.text).toContain('for which the call was not allowed');
  expect(output.text).not.toContain('theirs');
});

test('a call that is canceled reads no further', async () => {
  await using here = await bench({ big: 'x\n'.repeat(5 * 1024 * 1024) });
  const signal = AbortSignal.abort();
  expect(here.call('read_file', { path: 'big', offset: 9_000 }, { signal })).rejects.toMatchObject({
    code: 'canceled',
  });
});
