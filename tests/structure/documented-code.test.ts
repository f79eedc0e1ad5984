import { expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { pages, root } from '../support/documentation.ts';
import { installPackages, writeProgram } from '../support/documented-program.ts';

test('what pages show of .proto and TypeScript compiles', async () => {
  await using folder = await temporaryDirectory();
  installPackages(folder.path);
  for (const page of pages) writeProgram(page, join(folder.path, page));
  // A fault of its own, since a compiler that reads nothing finds none.
  writeFileSync(join(folder.path, 'fault.ts'), `export const fault: number = 'text';`);
  const configuration = { extends: join(root, 'tsconfig.json'), include: ['**/*.ts'] };
  writeFileSync(join(folder.path, 'tsconfig.json'), JSON.stringify(configuration));
  const tsc = join(root, 'node_modules/.bin/tsc');
  const { stdout } = Bun.spawnSync([tsc, '--noEmit', '--pretty', 'false'], { cwd: folder.path });
  // Faults of the package itself, which are below `..`, are told by other checks.
  const faults = stdout.toString().match(/^\w.*error.*$/gm) ?? [];
  expect(faults.filter((fault) => !fault.startsWith('fault.ts'))).toEqual([]);
  expect(faults).toHaveLength(1);
}, 30_000);
