import { expect, test } from 'bun:test';
import { symlink, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { RpcError } from '@zeke/rpc';
import fc from 'fast-check';
import { temporaryDirectory } from '../testing/index.ts';
import { readBoundedFile } from './read-bounded-file.ts';

const codeOf = (reading: Promise<unknown>): Promise<string> =>
  reading.then(
    () => 'read',
    (error) => (error instanceof RpcError ? error.code : error.code),
  );

test('a file comes back as it is, up to the limit and no byte more', async () => {
  await using folder = await temporaryDirectory();
  const path = join(folder.path, 'a');
  const bytes = fc.uint8Array({ maxLength: 3_000 });
  await fc.assert(
    fc.asyncProperty(bytes, fc.nat(3_000), async (content, limit) => {
      await Bun.write(path, content);
      const read = await readBoundedFile(path, limit).catch((error) => error.code);
      expect(read).toEqual(content.length > limit ? 'resource_exhausted' : Buffer.from(content));
    }),
  );
});

test('what is no file, and what never ends, is neither waited for nor read', async () => {
  await using folder = await temporaryDirectory();
  const at = (name: string): string => join(folder.path, name);
  Bun.spawnSync(['mkfifo', at('pipe')]);
  await symlink('/dev/zero', at('zero'));
  await symlink('loop', at('loop'));
  await Bun.write(at('huge'), '');
  await truncate(at('huge'), 2 ** 30);
  expect(await codeOf(readBoundedFile(at('pipe'), 9))).toBe('failed_precondition');
  expect(await codeOf(readBoundedFile(at('zero'), 9))).toBe('failed_precondition');
  expect(await codeOf(readBoundedFile(folder.path, 9))).toBe('failed_precondition');
  expect(await codeOf(readBoundedFile(at('loop'), 9))).toBe('ELOOP');
  expect(await codeOf(readBoundedFile(at('none'), 9))).toBe('ENOENT');
  expect(await codeOf(readBoundedFile(at('huge'), 9))).toBe('resource_exhausted');
});

test('a file whose size the system does not say is read to its end', async () => {
  const read = await readBoundedFile('/proc/self/status', 65_536);
  expect(read.toString()).toContain('Name:');
  expect(await codeOf(readBoundedFile('/proc/self/status', 10))).toBe('resource_exhausted');
});
