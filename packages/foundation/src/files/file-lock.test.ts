import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { temporaryDirectory } from '../testing/index.ts';
import { withFileLock } from './file-lock.ts';

test('one at a time, and an error lets go', async () => {
  await using folder = await temporaryDirectory();
  const path = join(folder.path, 'new', 'a.lock');
  let inside = 0;
  const seen: number[] = [];
  const work = async () => {
    inside += 1;
    seen.push(inside);
    await Promise.resolve();
    inside -= 1;
    if (seen.length === 1) throw new Error('failed');
  };
  const all = await Promise.allSettled([1, 2, 3].map(() => withFileLock(path, work)));
  const outcomes = all.map(({ status }) => status).toSorted();
  expect(outcomes).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  expect(seen).toEqual([1, 1, 1]);
});

test('a place that cannot be written is told', async () => {
  await using folder = await temporaryDirectory();
  await Bun.write(join(folder.path, 'file'), '');
  const path = join(folder.path, 'file', 'a.lock');
  const error = await withFileLock(path, async () => {}).catch((reason) => reason);
  expect(error).toMatchObject({ code: 'failed_precondition' });
  expect(error.message).toContain(`${path} cannot be written (`);
});

test('a process that dies lets go', async () => {
  await using folder = await temporaryDirectory();
  const path = join(folder.path, 'a.lock');
  const script = `
    import { withFileLock } from ${JSON.stringify(join(import.meta.dir, 'file-lock.ts'))};
    await withFileLock(${JSON.stringify(path)}, async () => {
      process.stdout.write('held');
      await new Promise(() => setInterval(() => {}, 1000));
    });`;
  const child = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe' });
  const held = await child.stdout.getReader().read();
  expect(new TextDecoder().decode(held.value)).toBe('held');
  const waiting = withFileLock(path, async () => 'mine');
  child.kill('SIGKILL');
  expect(await waiting).toBe('mine');
});
