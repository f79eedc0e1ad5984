import { expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateAll } from './generate.ts';

const folders = ['src/gen', 'src/codec/fixtures/gen', '../../benchmarks/rpc-codec/gen'];
const packageFolder = join(import.meta.dirname, '..');

test('the committed code is what the generator makes', () => {
  const files = generateAll();
  for (const { path, content } of files) {
    expect(readFileSync(join(packageFolder, path), 'utf8') === content, path).toBe(true);
  }
  const committed = folders.flatMap((folder) =>
    readdirSync(join(packageFolder, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(folder, name)),
  );
  expect(committed.sort()).toEqual(files.map(({ path }) => path).sort());
});
