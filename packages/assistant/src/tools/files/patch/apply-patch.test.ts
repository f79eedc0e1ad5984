import { expect, test } from 'bun:test';
import { readdir, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type ToolBench, toolBench } from '../../testing/tool-bench.ts';
import { fileTools } from '../file-tools.ts';

const bench = (files: Record<string, string> = {}) => toolBench(fileTools(), files);
const apply = (here: ToolBench, patch: string) => here.call('apply_patch', { patch });
const envelope = (...lines: string[]) => ['*** Begin Patch', ...lines, '*** End Patch'].join('\n');

test('files are added, updated, moved and deleted by one patch', async () => {
  await using here = await bench({ 'a.ts': 'one\ntwo\nthree\n', 'b.ts': 'x\n', 'c.ts': 'y\n' });
  const patch = envelope(
    '*** Update File: a.ts',
    '@@',
    ' one',
    '-two',
    '+2',
    ' three',
    '*** Update File: b.ts',
    '*** Move to: lib/b.ts',
    '@@',
    '-x',
    '+z',
    '*** Add File: new/d.ts',
    '+first',
    '+',
    '+last',
    '*** Delete File: c.ts',
  );
  const at = (path: string) => join(here.root, path);
  expect(await here.actions('apply_patch', { patch })).toEqual([
    { kind: 'read', path: at('a.ts') },
    { kind: 'write', path: at('a.ts'), change: 'modify' },
    { kind: 'read', path: at('b.ts') },
    { kind: 'write', path: at('b.ts'), change: 'delete' },
    { kind: 'write', path: at('lib/b.ts'), change: 'create' },
    { kind: 'write', path: at('new/d.ts'), change: 'create' },
    { kind: 'read', path: at('c.ts') },
    { kind: 'write', path: at('c.ts'), change: 'delete' },
  ]);
  const output = await apply(here, patch);
  expect(output.isError).toBeUndefined();
  expect(output.changes).toHaveLength(5);
  expect(await here.read('a.ts')).toBe('one\n2\nthree\n');
  expect(await here.read('lib/b.ts')).toBe('z\n');
  expect(await here.read('new/d.ts')).toBe('first\n\nlast\n');
  expect((await readdir(here.root)).toSorted()).toEqual(['a.ts', 'lib', 'new']);
});

test('where one part fails nothing is changed', async () => {
  await using here = await bench({ a: 'one\n', b: 'two\n' });
  const output = await apply(
    here,
    envelope(
      '*** Update File: a',
      '-one',
      '+1',
      '*** Add File: c',
      '+c',
      '*** Update File: b',
      '-three',
      '+3',
    ),
  );
  expect(output).toMatchObject({ isError: true });
  expect(output.text).toStartWith('b: its lines are not there.');
  expect((await readdir(here.root)).toSorted()).toEqual(['a', 'b']);
  expect(await here.read('a')).toBe('one\n');
});

test('"@@" tells places apart; without it several are told', async () => {
  const text = 'class A {\n  run() {\n    go();\n  }\n}\nclass B {\n  run() {\n    go();\n  }\n}\n';
  await using here = await bench({ a: text });
  const change = ['   run() {', '-    go();', '+    stop();'];
  const several = await apply(here, envelope('*** Update File: a', '@@', ...change));
  expect(several.text).toContain('its lines stand in 2 places (at lines 2, 7)');
  await apply(here, envelope('*** Update File: a', '@@ class B {', ...change));
  expect(await here.read('a')).toBe(`${text.slice(0, text.lastIndexOf('go'))}stop();\n  }\n}\n`);
});

test('blanks may differ, and the file keeps its own', async () => {
  await using here = await bench({ a: 'if (x) {\r\n\tone();  \r\n\ttwo();\r\n}\r\nend' });
  const output = await apply(
    here,
    envelope('*** Update File: a', ' if (x) {', '   one();', '-  two();', '+  three();', ' }'),
  );
  expect(output.text).toContain('--- a/a');
  expect(await here.read('a')).toBe('if (x) {\r\n\tone();  \r\n\tthree();\r\n}\r\nend');
});

test('the end of a file: lines added there, and the last one with no end', async () => {
  await using here = await bench({ a: 'x\ny\nx\n', b: 'one\ntwo' });
  await apply(here, envelope('*** Update File: a', '@@', ' x', '+z', '*** End of File'));
  expect(await here.read('a')).toBe('x\ny\nx\nz\n');
  await apply(here, envelope('*** Update File: b', '-two', '+2', '+3'));
  expect(await here.read('b')).toBe('one\n2\n3');
  await apply(here, envelope('*** Update File: a', '+last'));
  expect(await here.read('a')).toBe('x\ny\nx\nz\nlast\n');
});

test('what git writes is applied: new, deleted, renamed and executable files, odd names', async () => {
  const files = { 'a b.txt': 'one\ntwo\nthree\n', old: 'x\n', gone: 'g\n', 'é.txt': '1\n' };
  await using here = await bench(files);
  await using twin = await bench(files);
  await git(here.root, 'init', '-q');
  await git(here.root, 'add', '.');
  await Bun.write(join(here.root, 'a b.txt'), 'one\n2\nthree');
  await Bun.$`mv old moved && rm gone && printf 'run\n' > run.sh && chmod +x run.sh && printf '2\n' > é.txt`
    .cwd(here.root)
    .quiet();
  await git(here.root, 'add', '.');
  const patch = await git(here.root, 'diff', '--cached', '-M', await emptyTree(here.root, files));
  await apply(twin, patch);
  for (const name of ['a b.txt', 'moved', 'run.sh', 'é.txt']) {
    expect(await twin.read(name)).toBe(await here.read(name));
  }
  expect((await stat(join(twin.root, 'run.sh'))).mode & 0o111).toBe(0o111);
  expect(await readdir(twin.root)).not.toContain('gone');
});

test('hunks with wrong numbers and counts are put where their lines are', async () => {
  const lines = Array.from({ length: 30 }, (_, index) => `line ${index + 1}`);
  await using here = await bench({ a: `${lines.join('\n')}\n` });
  const patch = [
    '--- a/a',
    '+++ b/a',
    '@@ -12,9 +12,1 @@ somewhere',
    ' line 20',
    '-line 21',
    '+twenty-one',
    ' line 22',
    '@@ -25 +25 @@',
    '-line 25',
    '+twenty-five',
  ];
  const output = await apply(here, `\`\`\`diff\n${patch.join('\n')}\n\`\`\`\n`);
  expect(output.text).toBe('a: 2 lines added, 2 removed');
  expect((await here.read('a')).split('\n').slice(19, 25)).toEqual([
    'line 20',
    'twenty-one',
    'line 22',
    'line 23',
    'line 24',
    'twenty-five',
  ]);
});

test('of equal places the one nearest to the number counts; lines around may be off', async () => {
  await using here = await bench({ a: 'a\nb\n\na\nb\n\na\nb\n' });
  await apply(here, '--- a\n+++ a\n@@ -4,2 +4,2 @@\n a\n-b\n+B\n');
  expect(await here.read('a')).toBe('a\nb\n\na\nB\n\na\nb\n');
  const output = await apply(here, '--- a\n+++ a\n@@ -4,3 +4,3 @@\n other\n-B\n+C\n \n');
  expect(output.text).toContain('found only but for blanks or those around them');
  expect(await here.read('a')).toBe('a\nb\n\na\nC\n\na\nb\n');
});

test('what is there already, not there, or a link is told', async () => {
  await using here = await bench({ a: 'one\n', other: '' });
  await symlink('a', join(here.root, 'link'));
  const told = async (...lines: string[]) => (await apply(here, envelope(...lines))).text;
  expect(await told('*** Add File: a', '+x')).toContain('a is there already');
  expect(await told('*** Delete File: b')).toContain('b is not there');
  expect(await told('*** Delete File: link')).toContain('link is a link to a');
  const moved = ['*** Update File: a', '*** Move to: other'];
  expect(await told(...moved)).toContain('other is there already');
  expect((await apply(here, '--- a\n+++ /dev/null\n@@ -1 +0,0 @@\n-two\n')).text).toContain(
    'not there',
  );
});

async function git(cwd: string, ...args: string[]): Promise<string> {
  const child = Bun.spawn(['git', '-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd });
  const text = await new Response(child.stdout).text();
  expect(await child.exited).toBe(0);
  return text;
}

/** A commit of the files as they were at first. */
async function emptyTree(root: string, files: Record<string, string>): Promise<string> {
  const index = { GIT_INDEX_FILE: join(root, '.git/first') };
  for (const [name, text] of Object.entries(files)) {
    const blob = await Bun.$`printf '%s' ${text} | git hash-object -w --stdin`.cwd(root).text();
    await Bun.$`git update-index --add --cacheinfo 100644,${blob.trim()},${name}`
      .cwd(root)
      .env({ ...process.env, ...index });
  }
  const tree = await Bun.$`git write-tree`
    .cwd(root)
    .env({ ...process.env, ...index })
    .text();
  return tree.trim();
}
