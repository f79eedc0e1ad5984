import { expect, test } from 'bun:test';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '../testing/index.ts';
import { findRunning, forgetRunning, noteRunning } from './running-file.ts';

const own = { pid: process.pid, url: 'http://127.0.0.1:9000', configFile: null };

test('a server is found while its process lives, and not after it is taken back', async () => {
  await using directory = await temporaryDirectory();
  const home = join(directory.path, 'home');
  expect(await findRunning(home)).toBeUndefined();
  await noteRunning(home, own);
  expect(await findRunning(home)).toEqual(own);
  expect((await stat(join(home, 'running.json'))).mode & 0o777).toBe(0o600);
  await forgetRunning(home, own.pid);
  expect(await findRunning(home)).toBeUndefined();
  expect(await readdir(home)).toEqual([]);
});

test('what a dead process left is no server', async () => {
  await using home = await temporaryDirectory();
  const dead = Bun.spawn(['true']);
  await dead.exited;
  await noteRunning(home.path, { ...own, pid: dead.pid });
  expect(await findRunning(home.path)).toBeUndefined();
});

test('the note of another process is left alone', async () => {
  await using home = await temporaryDirectory();
  await noteRunning(home.path, own);
  await forgetRunning(home.path, own.pid + 1);
  expect(await findRunning(home.path)).toEqual(own);
});

test.each(['', '{', 'null', '{"pid": 1}', '{"pid": 1, "url": "file:///x", "configFile": null}'])(
  'no server in %p',
  async (text) => {
    await using home = await temporaryDirectory();
    await Bun.write(join(home.path, 'running.json'), text);
    expect(await findRunning(home.path)).toBeUndefined();
  },
);
