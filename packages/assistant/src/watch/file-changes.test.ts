import { expect, test } from 'bun:test';
import { mkdir, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { FileChanges, type FileChangesOptions } from './file-changes.ts';

const limit = (): AbortSignal => AbortSignal.timeout(20_000);

async function opened(options: Partial<FileChangesOptions> = {}) {
  const parts = new AsyncDisposableStack();
  const folder = await realpath(parts.use(await temporaryDirectory()).path);
  const write = async (path: string, text = path): Promise<void> => {
    await Bun.write(join(folder, path), text);
  };
  await write('src/a.ts');
  await write('.gitignore', 'out/\n*.log\n');
  const environment = { PATH: process.env.PATH ?? '' };
  const git = Bun.spawn(['git', 'init', '-q'], { cwd: folder, env: environment });
  await git.exited;
  const told: string[] = [];
  const changes = parts.use(
    await FileChanges.open(
      {
        root: folder,
        environment,
        quietMs: 20,
        pollMs: 20,
        onLimit: () => told.push('limit'),
        ...options,
      },
      limit(),
    ),
  );
  /** All files that are told until one of them is `path`. */
  const until = async (path: string): Promise<string[]> => {
    const seen: string[] = [];
    while (!seen.includes(path)) seen.push(...(await changes.next(limit())));
    return seen;
  };
  return { folder, changes, write, until, told, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

test.each([true, false])(
  'what is saved is told, new files and folders too (watched: %p)',
  async (watches) => {
    await using house = await opened({ watches });
    const { changes, folder, until, write } = house;
    expect(changes.paths).toEqual(['.gitignore', 'src/a.ts']);
    await write('src/a.ts', 'changed');
    await until('src/a.ts');
    await mkdir(join(folder, 'deep'));
    await write('mark.ts');
    await until('mark.ts');
    await write('deep/er/b.ts');
    await until('deep/er/b.ts');
    await write('deep/er/b.ts', 'changed');
    await until('deep/er/b.ts');
    await rm(join(folder, 'mark.ts'));
    await until('mark.ts');
    expect(changes.paths).toContain('deep/er/b.ts');
  },
);

test('a folder that comes back under its name is watched again', async () => {
  await using house = await opened();
  const { folder, until, write } = house;
  await rm(join(folder, 'src'), { recursive: true });
  await write('src/a.ts', 'back');
  await until('src/a.ts');
  await write('src/a.ts', 'changed');
  await until('src/a.ts');
});

test('what git ignores is not told, and what is no more ignored is', async () => {
  await using house = await opened();
  const { until, write } = house;
  await write('out/x.ts');
  await write('a.log');
  await write('b.ts');
  expect(await until('b.ts')).not.toContain('a.log');
  await write('.gitignore', 'out/\n');
  await until('a.log');
});

test('what happens while nobody asks is kept', async () => {
  await using house = await opened({ watches: false });
  const { changes, write } = house;
  await write('src/a.ts', 'changed');
  await write('c.ts');
  expect((await changes.gathered(limit())).toSorted()).toEqual(['c.ts', 'src/a.ts']);
  expect(await changes.gathered(limit())).toEqual([]);
});

test('beyond the folders that can be watched files are looked at, and that is told', async () => {
  await using house = await opened({ maxFolders: 3 });
  const { told, until, write } = house;
  await write('one/a.ts');
  await until('one/a.ts');
  expect(told).toEqual([]);
  await write('two/a.ts');
  await until('two/a.ts');
  expect(told).toEqual(['limit']);
  for (const path of ['one/a.ts', 'two/a.ts', 'src/a.ts']) {
    await write(path, 'changed');
    await until(path);
  }
  expect(told).toEqual(['limit']);
});

test('waiting ends with the signal', async () => {
  await using house = await opened();
  const stop = new AbortController();
  const waiting = house.changes.next(stop.signal);
  stop.abort();
  await expect(waiting).rejects.toThrow('watching was canceled');
});
