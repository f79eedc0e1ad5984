import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import {
  chmod,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { temporaryDirectory } from '@zeke/foundation/testing';
import fc from 'fast-check';
import { parseRawDiff, shownPath } from './changed-file.ts';
import { Snapshots } from './snapshots.ts';
import { sweepSnapshots } from './sweep-snapshots.ts';

const signal = new AbortController().signal;
const path = process.env.PATH ?? '';
const dayMs = 86_400_000;

interface Fixture extends AsyncDisposable {
  readonly root: string;
  readonly home: string;
  readonly clock: { now: number };
  readonly snapshots: Snapshots;
  another(): Snapshots;
  write(name: string, text: string | Uint8Array): Promise<void>;
  read(name: string): Promise<string>;
}

async function fixture(): Promise<Fixture> {
  const directory = await temporaryDirectory();
  const root = join(directory.path, 'shop');
  const home = join(directory.path, 'home');
  await mkdir(root);
  const clock = { now: 100 * dayMs };
  const another = () =>
    new Snapshots({ project: { root, name: 'shop' }, folder: home, path, now: () => clock.now });
  return {
    root,
    home,
    clock,
    another,
    snapshots: another(),
    write: async (name, text) => {
      await mkdir(dirname(join(root, name)), { recursive: true });
      await writeFile(join(root, name), text);
    },
    read: (name) => readFile(join(root, name), 'utf8'),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

function git(root: string, ...args: string[]): string {
  const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@shop.example'];
  const { stdout, exitCode, stderr } = Bun.spawnSync(['git', ...identity, ...args], { cwd: root });
  expect([exitCode, exitCode === 0 ? '' : stderr.toString()]).toEqual([0, '']);
  return stdout.toString();
}

test('a step is undone and done again: files made, changed, deleted, made a program or a link', async () => {
  await using shop = await fixture();
  await shop.write('src/a.ts', 'one\r\ntwo\n');
  await shop.write('gone.txt', 'gone\n');
  await shop.write('run.sh', '#!/bin/sh\n');
  await shop.write('.gitattributes', '* text=auto eol=lf filter=shout\n');
  await shop.write('odd \n"näme"', 'odd');
  const before = await shop.snapshots.take(signal);
  expect((await shop.snapshots.take(signal)).tree).toBe(before.tree);

  await shop.write('src/a.ts', 'one\r\nthree\n');
  await shop.write('new/deep/b.bin', new Uint8Array([0, 255, 1]));
  await rm(join(shop.root, 'gone.txt'));
  await rm(join(shop.root, 'odd \n"näme"'));
  await chmod(join(shop.root, 'run.sh'), 0o755);
  await symlink('src/a.ts', join(shop.root, 'link'));
  const after = await shop.snapshots.take(signal);

  const diffs = await shop.snapshots.diff(before.tree, after.tree, signal);
  expect(
    diffs.map(({ path, linesAdded, linesRemoved }) => [path, linesAdded, linesRemoved]),
  ).toEqual([
    ['gone.txt', 0, 1],
    ['link', 1, 0],
    ['new/deep/b.bin', 0, 0],
    ['odd \n"näme"', 0, 1],
    ['run.sh', 0, 0],
    ['src/a.ts', 1, 1],
  ]);
  expect(diffs.at(-1)?.diff).toBe(
    '--- a/src/a.ts\n+++ b/src/a.ts\n@@ -1,2 +1,2 @@\n one\r\n-two\n+three\n',
  );
  expect(diffs[2]?.diff).toBe('');

  const undone = await shop.snapshots.restore(after.tree, before.tree, { force: false }, signal);
  expect(undone.kept).toEqual([]);
  expect(undone.restored.toSorted()).toEqual(diffs.map(({ path }) => path).toSorted());
  expect(await shop.read('src/a.ts')).toBe('one\r\ntwo\n');
  expect(await shop.read('gone.txt')).toBe('gone\n');
  expect((await lstat(join(shop.root, 'run.sh'))).mode & 0o111).toBe(0);
  await expect(lstat(join(shop.root, 'new'))).rejects.toThrow('ENOENT');
  expect((await shop.snapshots.take(signal)).tree).toBe(before.tree);

  await shop.snapshots.restore(before.tree, after.tree, { force: false }, signal);
  expect(await readlink(join(shop.root, 'link'))).toBe('src/a.ts');
  expect((await lstat(join(shop.root, 'run.sh'))).mode & 0o111).toBe(0o111);
  expect((await shop.snapshots.take(signal)).tree).toBe(after.tree);
});

test('what somebody changed after the step stays, unless it is forced', async () => {
  await using shop = await fixture();
  await shop.write('a', '1');
  await shop.write('b', '1');
  const before = await shop.snapshots.take(signal);
  await shop.write('a', '2');
  await shop.write('b', '2');
  await shop.write('c', '2');
  const after = await shop.snapshots.take(signal);
  await shop.write('b', 'mine');
  await shop.write('elsewhere', 'mine');
  await rm(join(shop.root, 'c'));
  await mkdir(join(shop.root, 'c'));
  const undo = (force: boolean) =>
    shop.snapshots.restore(after.tree, before.tree, { force }, signal);
  expect(await undo(false)).toEqual({
    restored: ['a'],
    kept: [
      { path: 'c', reason: 'something that is no file stands there' },
      { path: 'b', reason: 'it was changed after the step' },
    ],
  });
  expect([await shop.read('a'), await shop.read('b')]).toEqual(['1', 'mine']);
  expect((await undo(true)).restored).toEqual(['a', 'b']);
  expect([await shop.read('b'), await shop.read('elsewhere')]).toEqual(['1', 'mine']);
});

test("the project's own repository, its index and its hooks are left alone", async () => {
  await using shop = await fixture();
  git(shop.root, 'init', '-q');
  await shop.write('.gitignore', 'dist/\n.env\n');
  await shop.write('a', '1');
  git(shop.root, 'add', '.');
  git(shop.root, 'commit', '-qm', 'first');
  await writeFile(join(shop.root, '.git/hooks/pre-commit'), '#!/bin/sh\ntouch ran\n', {
    mode: 0o755,
  });
  await writeFile(join(shop.root, '.git/info/exclude'), 'mine/\n');
  await shop.write('dist/out', 'made');
  await shop.write('node_modules/x/index.js', 'fetched');
  await shop.write('mine/notes', 'private');
  await shop.write('.env', 'KEY=1');
  await shop.write('untracked', '1');
  const state = () => [
    git(shop.root, '--no-optional-locks', 'status', '--porcelain'),
    git(shop.root, 'stash', 'list'),
    git(shop.root, 'for-each-ref'),
    Bun.hash(readFileSync(join(shop.root, '.git/index'))),
  ];
  const earlier = state();
  const before = await shop.snapshots.take(signal);
  await shop.write('untracked', '2');
  await shop.write('a', '2');
  await shop.write('dist/out', 'made again');
  const after = await shop.snapshots.take(signal);
  const changed = await shop.snapshots.changes(before.tree, after.tree, signal);
  expect(changed.map(({ bytePath }) => bytePath)).toEqual(['a', 'untracked']);
  await shop.snapshots.restore(after.tree, before.tree, { force: false }, signal);
  expect(state()).toEqual(earlier);
  expect(await shop.read('dist/out')).toBe('made again');

  // What a tool is about to write is kept though it is ignored.
  const env = join(shop.root, '.env');
  const kept = await shop.snapshots.take(signal, [env]);
  await shop.write('.env', 'KEY=2');
  const written = await shop.snapshots.take(signal, [env]);
  await shop.snapshots.restore(written.tree, kept.tree, { force: false }, signal);
  expect(await shop.read('.env')).toBe('KEY=1');
});

test('large files and repositories within are left out and told', async () => {
  await using shop = await fixture();
  await shop.write('model.bin', 'small');
  await shop.write('vendor/lib/a.c', 'c');
  git(join(shop.root, 'vendor/lib'), 'init', '-q');
  const before = await shop.snapshots.take(signal);
  expect(before.skipped).toEqual([{ path: 'vendor/lib/', reason: 'a repository of its own' }]);
  await truncate(join(shop.root, 'model.bin'), 11 * 1024 * 1024);
  const after = await shop.snapshots.take(signal);
  expect(after.skipped).toContainEqual({ path: 'model.bin', reason: 'larger than 10 MiB' });
  const { kept } = await shop.snapshots.restore(after.tree, before.tree, { force: false }, signal);
  expect(kept.map(({ path }) => path)).toEqual(['model.bin']);
  // A tool that writes there is undone all the same.
  const inner = join(shop.root, 'vendor/lib/a.c');
  const first = await shop.snapshots.take(signal, [inner]);
  await shop.write('vendor/lib/a.c', 'changed');
  const second = await shop.snapshots.take(signal, [inner]);
  await shop.snapshots.restore(second.tree, first.tree, { force: false }, signal);
  expect(await shop.read('vendor/lib/a.c')).toBe('c');
});

test('a folder that was replaced by a link is not written through', async () => {
  await using shop = await fixture();
  await using outside = await temporaryDirectory();
  await shop.write('sub/a', '1');
  const before = await shop.snapshots.take(signal);
  await rm(join(shop.root, 'sub/a'));
  const after = await shop.snapshots.take(signal);
  await rm(join(shop.root, 'sub'), { recursive: true, force: true });
  await symlink(outside.path, join(shop.root, 'sub'));
  const { kept } = await shop.snapshots.restore(after.tree, before.tree, { force: true }, signal);
  expect(kept).toEqual([{ path: 'sub/a', reason: 'its folder leads out of the project' }]);
  await expect(lstat(join(outside.path, 'a'))).rejects.toThrow('ENOENT');
});

test('locks, an index and objects that a crash left behind do no harm', async () => {
  await using shop = await fixture();
  await shop.write('a', '1');
  const { tree } = await shop.snapshots.take(signal);
  const [folder = ''] = await Array.fromAsync(
    new Bun.Glob('*/').scan({ cwd: shop.home, onlyFiles: false }),
  );
  const shadow = join(shop.home, folder);
  await writeFile(join(shadow, 'index.lock'), '');
  await writeFile(join(shadow, 'index'), 'torn');
  expect((await shop.another().take(signal)).tree).toBe(tree);
  await rm(join(shadow, 'objects'), { recursive: true });
  await mkdir(join(shadow, 'objects'));
  await shop.write('b', '1');
  const later = await shop.another().take(signal);
  await shop.write('b', '2');
  const last = await shop.another().take(signal);
  expect(await shop.another().diff(later.tree, last.tree, signal)).toHaveLength(1);
  await expect(shop.snapshots.changes(tree, last.tree, signal)).rejects.toMatchObject({
    code: 'not_found',
  });
});

test('where only some files are looked at, the others are as they were before', async () => {
  await using shop = await fixture();
  await shop.write('a', '1');
  await shop.write('b', '1');
  const before = await shop.snapshots.take(signal);
  await shop.write('a', '2');
  await shop.write('b', 'by somebody else');
  const after = await shop.snapshots.take(signal, [join(shop.root, 'a')], true);
  const changed = await shop.snapshots.changes(before.tree, after.tree, signal);
  expect(changed.map(({ bytePath }) => bytePath)).toEqual(['a']);
  const later = await shop.snapshots.take(signal);
  expect(await shop.snapshots.changes(after.tree, later.tree, signal)).toHaveLength(1);
});

test('two at once wait for each other, and see what the other one kept', async () => {
  await using shop = await fixture();
  await shop.write('a', '1');
  const other = shop.another();
  await shop.snapshots.take(signal);
  await shop.write('a', '2');
  const [left, right] = await Promise.all([shop.snapshots.take(signal), other.take(signal)]);
  expect(left.tree).toBe(right.tree);
  await shop.write('a', '3');
  const newest = await other.take(signal);
  expect((await shop.snapshots.take(signal)).tree).toBe(newest.tree);
});

test('old snapshots go; those of today stay', async () => {
  await using shop = await fixture();
  await shop.write('a', 'first');
  const first = await shop.snapshots.take(signal);
  shop.clock.now += 10 * dayMs;
  await shop.write('a', 'second');
  const second = await shop.snapshots.take(signal);
  shop.clock.now += dayMs;
  await shop.write('a', 'third');
  const third = await shop.snapshots.take(signal);
  await shop.snapshots.collect({ maxAgeMs: 5 * dayMs, maxBytes: 1e9 }, signal);
  expect(await shop.snapshots.diff(second.tree, third.tree, signal)).toHaveLength(1);
  const gone = expect.objectContaining({ code: 'not_found' });
  await expect(shop.snapshots.diff(first.tree, third.tree, signal)).rejects.toEqual(gone);
  await shop.snapshots.collect({ maxAgeMs: 5 * dayMs, maxBytes: 1 }, signal);
  await expect(shop.snapshots.diff(second.tree, third.tree, signal)).rejects.toEqual(gone);
  expect((await shop.another().take(signal)).tree).toBe(third.tree);
});

test('snapshots of a folder that is gone are deleted, the others cleaned up', async () => {
  await using shop = await fixture();
  await shop.write('a', 'first');
  const first = await shop.snapshots.take(signal);
  shop.clock.now += 10 * dayMs;
  await shop.write('a', 'second');
  const second = await shop.snapshots.take(signal);
  const now = () => shop.clock.now;
  const options = { folder: shop.home, path, now, maxAgeMs: dayMs, maxBytes: 1e9 };
  expect(await sweepSnapshots(options, signal)).toEqual([]);
  const gone = expect.objectContaining({ code: 'not_found' });
  await expect(shop.snapshots.diff(first.tree, second.tree, signal)).rejects.toEqual(gone);
  await rm(shop.root, { recursive: true });
  const real = { ...options, now: Date.now };
  expect(await sweepSnapshots(real, signal)).toEqual([]);
  expect(await readdir(shop.home)).toHaveLength(1);
  await sweepSnapshots({ ...real, now: () => Date.now() + 2 * dayMs }, signal);
  expect(await readdir(shop.home)).toEqual([]);
  expect(await sweepSnapshots({ ...options, folder: '/nowhere' }, signal)).toEqual([]);
});

test('whatever a step does to files, undo and redo lead to where it began and ended', async () => {
  const name = fc.constantFrom('a', 'b', 'd/a', 'd/b', 'd/e/f', 'a b');
  const content = fc.oneof(fc.string({ maxLength: 4 }), fc.constantFrom('x\r\ny\n', '\0\u00ff'));
  const edit = fc.record({ name, content: fc.option(content, { nil: undefined }) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(edit, { maxLength: 6 }),
      fc.array(edit, { maxLength: 6 }),
      async (first, step) => {
        await using shop = await fixture();
        const apply = async (edits: typeof first) => {
          for (const each of edits) {
            if (each.content === undefined) await rm(join(shop.root, each.name), { force: true });
            else await shop.write(each.name, each.content);
          }
        };
        await apply(first);
        const before = await shop.snapshots.take(signal);
        await apply(step);
        const after = await shop.snapshots.take(signal);
        await shop.snapshots.restore(after.tree, before.tree, { force: false }, signal);
        expect((await shop.another().take(signal)).tree).toBe(before.tree);
        await shop.snapshots.restore(before.tree, after.tree, { force: false }, signal);
        expect((await shop.another().take(signal)).tree).toBe(after.tree);
      },
    ),
    { numRuns: 12 },
  );
});

test('reading the raw form of a difference never fails', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      for (const file of parseRawDiff(Buffer.from(bytes))) {
        expect(typeof shownPath(file.bytePath)).toBe('string');
      }
    }),
  );
});
