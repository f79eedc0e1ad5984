import { expect, test } from 'bun:test';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { PathWatch } from './watch-paths.ts';

test('changes of files are told, also of those that replace others, and of folders', async () => {
  await using folder = await temporaryFolder();
  const file = await folder.write('a.yaml', '1');
  let changed = Promise.withResolvers<void>();
  let count = 0;
  using watch = new PathWatch(() => {
    count++;
    changed.resolve();
  });
  watch.watch([file, join(folder.path, 'missing/b.yaml')]);
  await writeFile(file, '2');
  await changed.promise;
  changed = Promise.withResolvers();
  await writeFile(`${file}.new`, '3');
  await rename(`${file}.new`, file);
  await changed.promise;
  const inner = join(folder.path, 'inner');
  await mkdir(inner);
  watch.watch([inner]);
  changed = Promise.withResolvers();
  await writeFile(join(inner, 'c.json'), '{}');
  await changed.promise;
  changed = Promise.withResolvers();
  await rm(join(inner, 'c.json'));
  await changed.promise;
  expect(count).toBeGreaterThanOrEqual(4);
});
