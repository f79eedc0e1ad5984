import { expect, test } from 'bun:test';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { ProjectWatch } from './project-watch.ts';

test('files that come, change and go are told, in new folders too', async () => {
  await using folder = await temporaryDirectory();
  const file = (path: string) => join(folder.path, path);
  await mkdir(file('src'));
  await writeFile(file('src/a.ts'), 'a');
  const told = new Map<string, () => void>();
  const tell = (what: string) => (path: string) => told.get(`${what} ${path}`)?.();
  const next = (what: string) => new Promise<void>((resolve) => told.set(what, resolve));
  using _watch = new ProjectWatch({
    root: folder.path,
    paths: ['src/a.ts'],
    onChanged: tell('changed'),
    onGone: tell('gone'),
  });
  const changed = next('changed src/a.ts');
  await writeFile(file('src/a.ts'), 'b');
  await changed;
  const come = next('changed new.ts');
  await writeFile(file('new.ts'), 'c');
  await come;
  const gone = next('gone new.ts');
  await rm(file('new.ts'));
  await gone;
  const below = next('changed src/marker.ts');
  await mkdir(file('src/deep'));
  await writeFile(file('src/marker.ts'), '');
  await below;
  const deep = next('changed src/deep/b.ts');
  await writeFile(file('src/deep/b.ts'), 'd');
  await deep;
  expect(told.size).toBe(5);
});
