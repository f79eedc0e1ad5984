import { expect, test } from 'bun:test';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { placeMention } from './place-mention.ts';

test('places that are there become mentions, words do not', async () => {
  await using folder = await temporaryDirectory();
  const cwd = folder.path;
  await mkdir(join(cwd, 'src'));
  for (const name of ['src/a.ts', 'odd name (1).ts', 'like:7'])
    await Bun.write(join(cwd, name), '');
  const of = (place: string) => placeMention(place, cwd);
  expect(of('src/a.ts')).toBe('@file:src/a.ts');
  expect(of('./src/a.ts:3')).toBe('@file:./src/a.ts:3');
  expect(of('src/a.ts:3-9')).toBe('@file:src/a.ts:3-9');
  expect(of(join(cwd, 'src/a.ts'))).toBe(`@file:${join(cwd, 'src/a.ts')}`);
  expect(of('odd name (1).ts:2')).toBe('@file:"odd name (1).ts":2');
  expect(of('like:7')).toBe('@file:"like:7"');
  expect(of('src')).toBe('@dir:src');
  expect(of('src/a.ts/b')).toBeUndefined();
  for (const none of ['src:3', 'gone.ts', 'gone.ts:3', 'how it works', '', ':3', 'a"b', 'a\nb']) {
    expect(of(none)).toBeUndefined();
  }
});
