import { expect, test } from 'bun:test';
import { mkdir, readdir, stat, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { resolvePath } from '../../project/resolve-path.ts';
import { commitChanges } from './commit-changes.ts';
import { type FileChange, readWhole } from './file-change.ts';

async function folderOf(files: Record<string, string>) {
  const folder = await temporaryDirectory();
  const place = { project: { root: folder.path, name: 'x' }, cwd: folder.path };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder.path, name), text);
  return {
    path: folder.path,
    /** Undefined deletes. */
    async change(name: string, after: string | undefined): Promise<FileChange> {
      const target = await resolvePath(place, name);
      const bytes = after === undefined ? undefined : Buffer.from(after);
      return { target, before: await readWhole(target), after: bytes };
    },
    /** Every file's text by its path. */
    async texts(): Promise<Record<string, string>> {
      const names = await readdir(folder.path, { recursive: true });
      const texts: Record<string, string> = {};
      for (const name of names.toSorted()) {
        const path = join(folder.path, name);
        if ((await stat(path)).isFile()) texts[name] = await Bun.file(path).text();
        else texts[`${name}/`] = '';
      }
      return texts;
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

test('all changes are made', async () => {
  await using here = await folderOf({ a: 'one', b: 'two' });
  await commitChanges([
    await here.change('a', '1'),
    await here.change('b', undefined),
    await here.change('new/deep/c', '3'),
  ]);
  expect(await here.texts()).toEqual({ a: '1', 'new/': '', 'new/deep/': '', 'new/deep/c': '3' });
});

test('where one cannot be made, those before it are taken back', async () => {
  await using here = await folderOf({ a: 'one', b: 'two', c: 'three' });
  const before = await here.texts();
  const changes = [
    await here.change('a', '1'),
    await here.change('b', undefined),
    await here.change('new/deep/d', '4'),
    await here.change('c', '3'),
  ];
  await writeFile(join(here.path, 'c'), 'theirs');
  const error = await commitChanges(changes).catch((reason) => reason);
  expect(error).toMatchObject({ code: 'aborted' });
  expect(error.message).toStartWith('c: somebody else changed it at this moment');
  expect(await here.texts()).toEqual({ ...before, c: 'theirs' });
});

test('a file that appeared, vanished or became a link in the meantime is left alone', async () => {
  await using here = await folderOf({ b: 'two', c: 'three', d: 'four' });
  const [a, b, c] = [
    await here.change('a', '1'),
    await here.change('b', '2'),
    await here.change('c', '3'),
  ];
  await writeFile(join(here.path, 'a'), 'theirs');
  await unlink(join(here.path, 'b'));
  await unlink(join(here.path, 'c'));
  await symlink('d', join(here.path, 'c'));
  for (const change of [a, b, c]) {
    expect(await commitChanges([change!]).catch((reason) => reason.code)).toBe('aborted');
  }
  expect(await here.texts()).toEqual({ a: 'theirs', c: 'four', d: 'four' });
});

test('a folder that became a link to another changes nothing there', async () => {
  await using here = await folderOf({});
  for (const name of ['in', 'out']) await mkdir(join(here.path, name));
  const change = await here.change('in/a', 'mine');
  await Bun.$`mv in was && ln -s out in`.cwd(here.path).quiet();
  const error = await commitChanges([change]).catch((reason) => reason);
  expect(error.code).toBe('failed_precondition');
  expect(await here.texts()).toEqual({ 'in/': '', 'out/': '', 'was/': '' });
});

test('a disk that takes no more is told, and all is as it was', async () => {
  await using here = await folderOf({ a: 'one\n', b: 'two\n' });
  const script = `
    const { fileTools } = await import(${JSON.stringify(join(import.meta.dir, 'file-tools.ts'))});
    const root = ${JSON.stringify(here.path)};
    const place = { project: { root, name: 'x' }, cwd: root, sessionId: 's', callId: 'c',
      signal: new AbortController().signal, onProgress() {} };
    const edit = fileTools().find(({ name }) => name === 'multi_edit');
    const input = edit.parse({ edits: [
      { path: 'a', old_string: 'one', new_string: '1' },
      { path: 'new/c', old_string: '', new_string: 'x' },
      { path: 'b', old_string: 'two', new_string: 'x'.repeat(100_000) },
    ] });
    const allowed = await edit.actions(input, place);
    console.log((await edit.run(input, { ...place, allowed })).text);`;
  // No file may become larger than 8 blocks: the system refuses as it does when a disk is full.
  const limited = `trap '' XFSZ; ulimit -f 8; exec "$0" -e "$1"`;
  const child = Bun.spawn(['sh', '-c', limited, process.execPath, script], { stderr: 'inherit' });
  expect(await new Response(child.stdout).text()).toContain(
    'b: is larger than its file system allows',
  );
  expect(await here.texts()).toEqual({ a: 'one\n', b: 'two\n' });
});
