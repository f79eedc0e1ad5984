/**
 * `bun packages/rpc/scripts/pack.ts FOLDER`: makes the package as it is published, into a folder
 * that is not there yet: JavaScript and declarations for Node, browsers and Bun, the command, protos,
 * and what generated code of other languages stands on.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const packageFolder = join(import.meta.dirname, '..');
const root = join(packageFolder, '../..');

interface Manifest {
  exports: Record<string, string>;
  bin: Record<string, string>;
  [key: string]: unknown;
}

const target = process.argv[2];
if (target === undefined || existsSync(target)) {
  throw new Error('pack.ts FOLDER: name a folder that is not there yet');
}
pack(resolve(target));

function pack(folder: string): void {
  const dist = join(folder, 'dist');
  const compiler = spawnSync('tsc', ['-p', packageFolder, '--outDir', dist], { stdio: 'inherit' });
  if (compiler.status !== 0) throw new Error('tsc has found faults');
  // npm starts it by its first line, and whoever has Node need not have Bun.
  const command = join(dist, 'zrpc.js');
  writeFileSync(command, readFileSync(command, 'utf8').replace('/env bun', '/env node'));
  for (const part of ['proto', 'runtime']) {
    cpSync(join(packageFolder, part), join(folder, part), { recursive: true });
  }
  cpSync(join(packageFolder, 'README.md'), join(folder, 'README.md'));
  cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  const manifest = JSON.parse(
    readFileSync(join(packageFolder, 'package.json'), 'utf8'),
  ) as Manifest;
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(published(manifest), null, 2)}\n`);
}

/** The manifest without what is for development, its paths in `dist`. */
function published(manifest: Manifest): object {
  const { devDependencies: _, ...rest } = manifest;
  const compiled = (path: string): string =>
    path.replace(/^\.\/src\//, './dist/').replace(/\.ts$/, '.js');
  return {
    ...rest,
    exports: Object.fromEntries(
      Object.entries(manifest.exports).map(([name, path]) => [
        name,
        { types: compiled(path).replace(/\.js$/, '.d.ts'), default: compiled(path) },
      ]),
    ),
    bin: Object.fromEntries(
      Object.entries(manifest.bin).map(([name, path]) => [name, compiled(path)]),
    ),
    engines: { bun: '>=1.4', node: '>=26' },
    files: ['dist', 'proto', 'runtime'],
  };
}
