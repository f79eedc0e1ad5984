import { expect, test } from 'bun:test';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { skipsWithout, temporaryDirectory } from '@zeke/foundation/testing';

if (!skipsWithout('bubblewrap')) {
  test('a full disk is told, and takes nothing that was kept: sessions, snapshots and files go on after', async () => {
    await using folder = await temporaryDirectory();
    const small = join(folder.path, 'small');
    await mkdir(small);
    const program = join(import.meta.dir, 'testing/full-disk-program.ts');
    const mounts = ['--dev-bind', '/', '/', '--size', String(6 * 2 ** 20), '--tmpfs', small];
    const child = Bun.spawn(['bwrap', ...mounts, process.execPath, program, small], {
      stdout: 'pipe',
      stderr: 'inherit',
    });
    const told = JSON.parse(await new Response(child.stdout).text());
    expect(told).toMatchObject({
      append: 'resource_exhausted: the disk with the database is full',
      held: 1,
      readable: 1,
      write: 'big.txt: the disk is full: nothing was changed; free space first',
      left: ['a.txt'],
      restored: ['a.txt'],
      file: 'one\n',
      again: [2],
    });
    expect(told.snapshot).toMatch(/No space left on device|disk is full/);
    expect(told.changed).toEqual([expect.stringContaining('-one\n+two')]);
  }, 60_000);
}
