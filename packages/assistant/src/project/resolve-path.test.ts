import { expect, test } from 'bun:test';
import { mkdir, open, readFile, realpath, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '@zeke/foundation/testing';
import fc from 'fast-check';
import { isWithin, resolvePath } from './resolve-path.ts';

async function house() {
  const folder = await temporaryDirectory();
  const base = await realpath(folder.path);
  const root = join(base, 'project');
  await mkdir(join(root, 'src'), { recursive: true });
  await mkdir(join(base, 'outside'));
  await writeFile(join(root, 'src/a.ts'), 'a');
  await writeFile(join(base, 'outside/secret'), 's');
  await symlink('../outside', join(root, 'out'));
  await symlink('src/a.ts', join(root, 'link'));
  await symlink('../outside/new', join(root, 'dangling'));
  await symlink('round', join(root, 'round'));
  const place = { project: { root, name: 'project' }, cwd: root };
  return { base, root, place, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

test.each([
  ['src/a.ts', 'src/a.ts', true],
  ['./src//a.ts', 'src/a.ts', true],
  ['.', '.', true],
  ['link', 'src/a.ts', true],
  ['src/new/deep.ts', 'src/new/deep.ts', false],
  ['missing/../src/a.ts', 'src/a.ts', true],
  ['src/~odd', 'src/~odd', false],
  ['..x', '..x', false],
])('%s is %s, in the project', async (path, shown, exists) => {
  await using here = await house();
  const found = await resolvePath(here.place, path);
  expect(found).toEqual({ path: join(here.root, shown), shown, isInside: true, exists });
});

test.each([
  ['..', '', true],
  ['../project-two', 'project-two', false],
  ['out/secret', 'outside/secret', true],
  ['out/..', '', true],
  ['src/../out/../outside/secret', 'outside/secret', true],
  ['dangling', 'outside/new', false],
  ['missing/../../outside/secret', 'outside/secret', true],
])('%s leads out of it', async (path, below, exists) => {
  await using here = await house();
  const found = await resolvePath(here.place, path);
  const outside = join(here.base, below);
  expect(found).toEqual({ path: outside, shown: outside, isInside: false, exists });
});

test('relative paths start at the working folder, absolute ones at the root', async () => {
  await using here = await house();
  const place = { ...here.place, cwd: join(here.root, 'src') };
  expect((await resolvePath(place, 'a.ts')).shown).toBe('src/a.ts');
  expect((await resolvePath(place, join(here.root, 'src/a.ts'))).shown).toBe('src/a.ts');
  expect((await resolvePath(place, '/')).path).toBe('/');
});

test('a link that is not followed is itself', async () => {
  await using here = await house();
  for (const name of ['link', 'out', 'dangling', 'round']) {
    const found = await resolvePath(here.place, name, { followsLast: false });
    expect(found).toMatchObject({ shown: name, isInside: true, exists: true });
  }
  const beyond = await resolvePath(here.place, 'out/secret', { followsLast: false });
  expect(beyond.path).toBe(join(here.base, 'outside/secret'));
});

test.each([
  ['a path is empty', 'invalid_argument', ''],
  ['NUL byte', 'invalid_argument', 'a\0b'],
  ['"~" is not expanded', 'invalid_argument', '~'],
  ['~/.ssh: "~" is not expanded', 'invalid_argument', '~/.ssh'],
  ['over 255 bytes', 'invalid_argument', 'x'.repeat(256)],
  ['over 255 bytes', 'invalid_argument', 'é'.repeat(200)],
  ['over 4096 bytes', 'invalid_argument', 'a/'.repeat(2049)],
  ['round: over 40 links', 'failed_precondition', 'round'],
  ['lead in a circle', 'failed_precondition', 'round/a'],
  ['src/a.ts is a file and not a folder', 'failed_precondition', 'src/a.ts/b'],
  ['src/a.ts is a file and not a folder', 'failed_precondition', 'src/a.ts/../a.ts'],
])('%s (%s)', async (message, code, path) => {
  await using here = await house();
  const error = await resolvePath(here.place, path).catch((reason) => reason);
  expect(error).toMatchObject({ code });
  expect(error.message).toContain(message);
});

test('a name that begins as the project does is not in it', () => {
  expect(isWithin('/a/b', '/a/b')).toBe(true);
  expect(isWithin('/a/b', '/a/b/c')).toBe(true);
  expect(isWithin('/a/b', '/a/bc')).toBe(false);
  expect(isWithin('/', '/a')).toBe(true);
});

const names = ['a', 'b', 'c', 'd'];
const segment = fc.constantFrom(...names, '..', '.');
const pathOf = fc.array(segment, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('/'));
const entry = fc.record({
  at: fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 3 }),
  kind: fc.constantFrom('file', 'folder', 'link'),
  target: fc.oneof(
    pathOf,
    pathOf.map((path) => `ABSOLUTE/${path}`),
  ),
});

test('it goes where the system goes, in any tree of links', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { maxLength: 12 }), pathOf, async (entries, path) => {
      await using folder = await temporaryDirectory();
      const root = join(await realpath(folder.path), 'root');
      await mkdir(root);
      for (const { at, kind, target } of entries) await make(root, at.join('/'), kind, target);
      const place = { project: { root, name: 'root' }, cwd: root };
      const found = await resolvePath(place, path).catch(() => undefined);
      const real = await realpath(`${root}/${path}`).catch(() => undefined);
      if (real !== undefined) expect(found).toMatchObject({ path: real, exists: true });
      if (found === undefined) return;
      expect(found.isInside).toBe(isWithin(root, found.path));
      if (found.exists) return;
      // What the system makes by the name that was asked for stands where we said.
      const made = await open(`${root}/${path}`, 'a').catch(() => undefined);
      if (made === undefined) return;
      await made.writeFile('made');
      await made.close();
      expect(await readFile(found.path, 'utf8')).toBe('made');
      expect(await realpath(found.path)).toBe(found.path);
    }),
    { numRuns: 150 },
  );
});

async function make(root: string, at: string, kind: string, target: string): Promise<void> {
  const path = join(root, at);
  const made =
    kind === 'folder'
      ? mkdir(path, { recursive: true })
      : kind === 'file'
        ? writeFile(path, 'old', { flag: 'wx' })
        : symlink(target.replace('ABSOLUTE', root), path);
  // Some have no folder to stand in, or stand where another is: the tree is random.
  await made.catch(() => undefined);
}

test('links of processes are not followed: they lead elsewhere for who asks and for who runs', async () => {
  await using folder = await temporaryDirectory();
  const place = { project: { root: folder.path, name: 'x' }, cwd: folder.path };
  await symlink('/proc/self/cwd', join(folder.path, 'way'));
  for (const path of ['/proc/self/cwd/x', '/proc/self/root/etc/passwd', '/dev/fd/0', 'way/x']) {
    const failed = await resolvePath(place, path).catch((error) => error.code);
    expect([path, failed]).toEqual([path, 'permission_denied']);
  }
  expect((await resolvePath(place, '/proc/self/status')).path).toBe(`/proc/${process.pid}/status`);
});
