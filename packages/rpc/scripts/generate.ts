/**
 * `bun packages/rpc/scripts/generate.ts`: writes `src/gen/` from `proto/`, and what the tests of the
 * codec and the benchmark of it use. The test beside it generates again and compares.
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { type FileDescriptorSet, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import {
  type GeneratedFile,
  generateTypeScript,
} from '../src/generator/typescript/generate-typescript.ts';
import { compileProtos } from '../src/schema/compile-protos.ts';

const benchmarkProtos = '../../benchmarks/rpc-codec/proto';
const packageFolder = join(import.meta.dirname, '..');

/** Those that are messages for users; the rest of `google/protobuf/` is for compilers. */
const wellKnownFiles = [
  'any',
  'api',
  'descriptor',
  'duration',
  'empty',
  'field_mask',
  'source_context',
  'struct',
  'timestamp',
  'type',
  'wrappers',
].map((name) => `google/protobuf/${name}.proto`);

/** All committed code that the generator made, paths relative to the package. */
export function generateAll(): GeneratedFile[] {
  const own = protosIn('proto');
  const fixtures = protosIn('src/codec/fixtures/proto');
  return [
    ...generate('src/gen', compileFolder('proto', [...own, ...wellKnownFiles]), {
      files: [...own, ...wellKnownFiles],
      runtimeModule: '../codec/runtime.ts',
    }),
    ...generate('src/codec/fixtures/gen', compileFolder('src/codec/fixtures/proto', fixtures), {
      files: fixtures,
      runtimeModule: '../../runtime.ts',
      wellKnownModule: '../../well-known.ts',
    }),
    ...generate('../../benchmarks/rpc-codec/gen', compileFolder(benchmarkProtos, ['order.proto']), {
      files: ['order.proto'],
    }),
  ];
}

function generate(
  output: string,
  set: FileDescriptorSet,
  options: Parameters<typeof generateTypeScript>[1],
): GeneratedFile[] {
  const files = generateTypeScript(set, options);
  return files.map(({ path, content }) => ({ path: join(output, path), content }));
}

/** The import names of the `.proto` files in a folder. */
function protosIn(folder: string): string[] {
  const names = readdirSync(join(packageFolder, folder), { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.proto')).sort();
}

function compileFolder(folder: string, files: readonly string[]): FileDescriptorSet {
  const { files: file } = compileProtos({ files, importPaths: [join(packageFolder, folder)] });
  return create(FileDescriptorSetSchema, { file: [...file] });
}

if (import.meta.main) {
  for (const { path, content } of generateAll()) {
    const file = join(packageFolder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}
