import { expect, test } from 'bun:test';
import { chmod, link, lstat, readdir, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toolBench } from '../testing/tool-bench.ts';
import { fileTools } from './file-tools.ts';

const bench = (files: Record<string, string | Uint8Array> = {}) => toolBench(fileTools(), files);

/** Nothing of ours is left beside the files. */
async function leftovers(root: string): Promise<string[]> {
  return (await readdir(root, { recursive: true })).filter((name) => name.includes('.zeke-'));
}

test('write_file makes a file and its folders', async () => {
  await using here = await bench();
  expect(await here.actions('write_file', { path: 'a/b/c.ts', content: '' })).toEqual([
    { kind: 'write', path: join(here.root, 'a/b/c.ts'), change: 'create' },
  ]);
  const output = await here.call('writeFile', { path: 'a/b/c.ts', content: 'one\ntwo\n' });
  expect(output).toEqual({
    text: 'a/b/c.ts: made, 2 lines',
    summary: 'a/b/c.ts: made, 2 lines',
    changes: [
      {
        path: 'a/b/c.ts',
        diff: '--- /dev/null\n+++ b/a/b/c.ts\n@@ -0,0 +1,2 @@\n+one\n+two\n',
        linesAdded: 2,
        linesRemoved: 0,
      },
    ],
  });
  expect(await here.read('a/b/c.ts')).toBe('one\ntwo\n');
  expect((await stat(join(here.root, 'a/b/c.ts'))).mode & 0o777).toBe(0o666 & ~process.umask());
  expect(await leftovers(here.root)).toEqual([]);
});

test('write_file replaces only what the session has seen as it is now', async () => {
  await using here = await bench({ a: 'old\n' });
  const write = (content: string, sessionId = 'session') =>
    here.call('write_file', { path: 'a', content }, { sessionId });
  expect((await write('new\n')).text).toBe(
    'a is there already and was not read in this session: read it first, so that nothing in it is lost',
  );
  await here.call('read_file', { path: 'a' });
  expect((await write('new\n', 'another')).isError).toBe(true);
  expect((await write('new\n')).text).toBe('a: 1 line added, 1 removed');
  expect((await write('newer\n')).isError).toBeUndefined();
  await here.write('a', 'theirs\n');
  expect((await write('mine\n')).text).toContain('has changed on disk since it was read');
  expect(await here.read('a')).toBe('theirs\n');
  await here.call('read_file', { path: 'a' });
  expect((await write('theirs\n')).text).toBe('nothing changed: the text is there already');
});

test('encoding, mark, line ends and permissions stay', async () => {
  await using here = await bench({
    'run.sh': '\ufeffone\r\ntwo\r\n',
    wide: Buffer.from('\ufeffa\r\nb\r\n', 'utf16le'),
    latin: Buffer.from('caf\xe9\n', 'latin1'),
  });
  await chmod(join(here.root, 'run.sh'), 0o751);
  await here.call('edit', { path: 'run.sh', old_string: 'one\n', new_string: '1\n1.5\n' });
  expect(await Bun.file(join(here.root, 'run.sh')).bytes()).toEqual(
    new Uint8Array(Buffer.from('\ufeff1\r\n1.5\r\ntwo\r\n')),
  );
  expect((await stat(join(here.root, 'run.sh'))).mode & 0o777).toBe(0o751);
  await here.call('read_file', { path: 'wide' });
  await here.call('write_file', { path: 'wide', content: 'x\ny\n' });
  const wide = await Bun.file(join(here.root, 'wide')).bytes();
  expect(Buffer.from(wide).toString('utf16le')).toBe('\ufeffx\r\ny\r\n');
  await here.call('edit', { path: 'latin', old_string: 'café', new_string: 'thé' });
  const latin = await Bun.file(join(here.root, 'latin')).bytes();
  expect(Buffer.from(latin).toString('latin1')).toBe('th\xe9\n');
  const refused = await here.call('edit', { path: 'latin', old_string: 'thé', new_string: '茶' });
  expect(refused.text).toContain('"茶" cannot be written');
  expect(await leftovers(here.root)).toEqual([]);
});

test('edit replaces, tells, and makes a file from nothing', async () => {
  await using here = await bench({ 'a.ts': 'let a = 1;\nlet b = 2;\n' });
  const edit = (input: object) => here.call('edit', { path: 'a.ts', ...input });
  expect(await here.actions('edit', { path: 'a.ts', old_string: 'a', new_string: 'b' })).toEqual([
    { kind: 'read', path: join(here.root, 'a.ts') },
    { kind: 'write', path: join(here.root, 'a.ts'), change: 'modify' },
  ]);
  const output = await edit({ old_string: 'a = 1', new_string: 'a = 3' });
  expect(output.text).toBe('a.ts: 1 line added, 1 removed');
  expect(output.changes?.[0]?.diff).toContain('-let a = 1;\n+let a = 3;\n let b = 2;\n');
  const loose = await edit({ old_string: 'let  b = 2;', new_string: 'let b = 4;' });
  expect(loose.text).toContain('old_string was found but for blanks, at lines 2-2.\n--- a/a.ts');
  expect((await edit({ old_string: 'let c', new_string: '' })).text).toContain('not there');
  expect((await edit({ old_string: 'let', new_string: 'const' })).text).toContain('in 2 places');
  expect(await here.read('a.ts')).toBe('let a = 3;\nlet b = 4;\n');
  expect((await edit({ old_string: '', new_string: 'x' })).text).toContain('old_string is empty');
  await here.call('edit', { path: 'new/b.ts', old_string: '', new_string: 'x\n' });
  expect(await here.read('new/b.ts')).toBe('x\n');
  const none = await here.call('edit', { path: 'none', old_string: 'a', new_string: 'b' });
  expect(none.text).toContain('none is not there');
});

test('what somebody else changed since is kept, and never guessed at', async () => {
  await using here = await bench({ a: 'one\ntwo\n' });
  await here.call('read_file', { path: 'a' });
  await here.write('a', 'zero\none\ntwo\n');
  const loose = await here.call('edit', { path: 'a', old_string: ' two', new_string: '2' });
  expect(loose.text).toContain('has changed on disk since it was read');
  const exact = await here.call('edit', { path: 'a', old_string: 'two', new_string: '2' });
  expect(exact.text).toContain('a had changed on disk since it was read; all else of it was kept.');
  expect(await here.read('a')).toBe('zero\none\n2\n');
});

test('multi_edit makes all edits or none', async () => {
  await using here = await bench({ a: 'one\n', b: 'two\n' });
  const edits = [
    { path: 'a', old_string: 'one', new_string: '1' },
    { path: './a', old_string: '1', new_string: 'uno' },
    { path: 'b', old_string: 'three', new_string: '3' },
  ];
  const failed = await here.call('multi_edit', { edits });
  expect(failed.text).toStartWith('edits[2] (none was made): b: old_string is not there.');
  expect(await here.read('a')).toBe('one\n');
  const fine = [...edits.slice(0, 2), { path: 'b', old_string: 'two', new_string: 'due' }];
  const output = await here.call('multiedit', { edits: fine });
  expect(output.summary).toBe('2 files: a: 1 line added, 1 removed; b: 1 line added, 1 removed');
  expect([await here.read('a'), await here.read('b')]).toEqual(['uno\n', 'due\n']);
  expect(await leftovers(here.root)).toEqual([]);
});

test('delete_file deletes a file, and a link without what it leads to', async () => {
  await using here = await bench({ a: 'one\n', 'dir/b': '' });
  await symlink('a', join(here.root, 'link'));
  expect(await here.actions('delete_file', { path: 'link' })).toEqual([
    { kind: 'write', path: join(here.root, 'link'), change: 'delete' },
  ]);
  await here.call('delete_file', { path: 'link' });
  expect(await here.read('a')).toBe('one\n');
  const output = await here.call('delete_file', { path: 'a' });
  expect(output.text).toBe('a: deleted, 1 line');
  expect(output.changes?.[0]?.diff).toBe('--- a/a\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-one\n');
  expect((await here.call('delete_file', { path: 'a' })).text).toContain('a: is not there');
  expect((await here.call('delete_file', { path: 'dir' })).text).toContain('dir is a folder');
  await here.call('delete_file', { path: 'dir/b' });
  expect(await readdir(here.root, { recursive: true })).toEqual(['dir']);
});

test('writing goes through a link to the file it leads to, other names of it are left', async () => {
  await using here = await bench({ real: 'one\n' });
  await symlink('real', join(here.root, 'link'));
  await link(join(here.root, 'real'), join(here.root, 'other'));
  await here.call('edit', { path: 'link', old_string: 'one', new_string: '1' });
  expect((await lstat(join(here.root, 'link'))).isSymbolicLink()).toBe(true);
  expect(await here.read('real')).toBe('1\n');
  expect(await here.read('other')).toBe('one\n');
});

test('a read-only file, binary ones, folders and devices are not changed', async () => {
  await using here = await bench({ a: 'one\n', bin: Uint8Array.of(0, 1), 'dir/x': '' });
  await chmod(join(here.root, 'a'), 0o444);
  const edit = (path: string) => here.call('edit', { path, old_string: 'one', new_string: '1' });
  expect((await edit('a')).text).toContain('a is marked read-only (mode 444)');
  expect((await edit('bin')).text).toContain('bin is binary');
  expect((await edit('dir')).text).toContain('is a folder');
  expect((await edit('/dev/null')).text).toContain('is a device');
  expect(
    (await here.call('write_file', { path: 'dir/x/y', content: '' }).catch((e) => e)).message,
  ).toContain('is a file and not a folder');
});

test('a link that is moved after the call was allowed changes nothing elsewhere', async () => {
  await using here = await bench({ 'in/a': 'one\n', '../out/a': 'one\n' });
  await symlink('in', join(here.root, 'link'));
  const input = { path: 'link/a', old_string: 'one', new_string: '1' };
  const allowed = await here.actions('edit', input);
  await symlink('../out', join(here.root, 'link2'));
  await rename(join(here.root, 'link2'), join(here.root, 'link'));
  expect((await here.call('edit', input, { allowed })).text).toContain('was not allowed');
  expect(await here.read('../out/a')).toBe('one\n');
});

test('a preview shows what a call would change, and changes nothing', async () => {
  await using here = await bench({ a: 'one\n' });
  const tool = here.tool('edit');
  const preview = (old_string: string) =>
    tool.preview!(tool.parse({ path: 'a', old_string, new_string: '1' }), here.context);
  expect(await preview('one')).toMatchObject([{ path: 'a', linesAdded: 1, linesRemoved: 1 }]);
  expect(await preview('two')).toEqual([]);
  expect(await here.read('a')).toBe('one\n');
});

test('calls beside each other do not lose what the others wrote', async () => {
  await using here = await bench({ a: Array.from({ length: 20 }, (_, i) => `<${i}>\n`).join('') });
  await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      here.call('edit', { path: 'a', old_string: `<${i}>`, new_string: `(${i})` }),
    ),
  );
  expect(await here.read('a')).toBe(Array.from({ length: 20 }, (_, i) => `(${i})\n`).join(''));
});

test('a call that is canceled before its turn changes nothing', async () => {
  await using here = await bench();
  const call = here.call('write_file', { path: 'a', content: '' }, { signal: AbortSignal.abort() });
  expect(call).rejects.toMatchObject({ code: 'canceled' });
  expect(await readdir(here.root)).toEqual([]);
  await writeFile(join(here.root, 'b'), '');
});
