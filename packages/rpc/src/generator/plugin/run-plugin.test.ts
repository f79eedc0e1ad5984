import { afterAll, describe, expect, test } from 'bun:test';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileProtos } from '../../schema/compile-protos.ts';
import { descriptorSetOf } from '../../schema/descriptor-set.ts';
import type { GeneratedFile } from '../typescript/generate-typescript.ts';
import { runPlugin } from './run-plugin.ts';

const folder = mkdtempSync(join(tmpdir(), 'zrpc-plugin-'));
afterAll(() => rmSync(folder, { recursive: true }));

const program = join(folder, 'protoc-gen-names');
const script = join(import.meta.dirname, '../fixtures/plugin/protoc-gen-names.ts');
writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${script}"\n`);
chmodSync(program, 0o755);

const sources: Readonly<Record<string, string>> = {
  './main.proto':
    'syntax = "proto3"; package p; import "o.proto"; ' +
    'message M { option (o.runtime) = "r"; option (o.source) = "s"; int32 a = 1; }',
  './o.proto':
    'syntax = "proto3"; package o; import "google/protobuf/descriptor.proto"; ' +
    'extend google.protobuf.MessageOptions { string runtime = 50000; ' +
    'string source = 50001 [retention = RETENTION_SOURCE]; }',
  './optional.proto': 'syntax = "proto3"; message M { message N { optional int32 a = 1; } }',
  './edition.proto': 'edition = "2023"; message M { int32 a = 1; }',
  './later.proto': 'edition = "2024"; message M { int32 a = 1; }',
};

function run(file: string, parameter?: string): GeneratedFile[] {
  const compiled = compileProtos({ files: [file], readFile: (path) => sources[path] });
  const options = { program, files: [file], ...(parameter !== undefined && { parameter }) };
  return runPlugin(descriptorSetOf(compiled), options);
}

describe('runPlugin', () => {
  test('gives descriptors without options of sources, and takes files in parts', () => {
    expect(run('main.proto')).toEqual([
      {
        path: 'names.txt',
        content: 'main.proto\ngoogle/protobuf/descriptor.proto o.proto main.proto\n',
      },
      { path: 'deep/options.txt', content: '1 1' },
    ]);
  });

  test('says what the plugin says', () => {
    expect(() => run('main.proto', 'refuse')).toThrow(`${program}: not these files`);
    expect(() => run('main.proto', 'crash')).toThrow(`${program}: it went wrong`);
    expect(() => run('main.proto', 'noise')).toThrow('no CodeGeneratorResponse');
  });

  test('writes only into its folder, and nothing into the files of others', () => {
    expect(() => run('main.proto', 'escape')).toThrow('it would write "../outside.txt"');
    expect(() => run('main.proto', 'insert')).toThrow('it inserts into a file of another plugin');
  });

  test('refuses what the plugin does not know', () => {
    expect(() => run('optional.proto')).toThrow('does not know optional fields of proto3');
    expect(() => run('edition.proto')).toThrow('does not know edition 2023');
    expect(run('optional.proto', 'all')).toHaveLength(2);
    expect(run('edition.proto', 'all')).toHaveLength(2);
    expect(() => run('later.proto', 'all')).toThrow('does not know edition 2024');
  });

  test('names a program that does not exist', () => {
    const compiled = compileProtos({ files: ['main.proto'], readFile: (path) => sources[path] });
    const missing = { program: 'protoc-gen-missing', files: ['main.proto'] };
    expect(() => runPlugin(descriptorSetOf(compiled), missing)).toThrow(
      'protoc-gen-missing is not in PATH; install it, or give its path',
    );
  });

  test('runs a plugin of others', () => {
    const lint = join(import.meta.dirname, '../../../node_modules/.bin/protoc-gen-buf-lint');
    const compiled = compileProtos({ files: ['main.proto'], readFile: (path) => sources[path] });
    const options = { program: lint, files: ['main.proto'] };
    expect(() => runPlugin(descriptorSetOf(compiled), options)).toThrow(
      'Package name "p" should be suffixed with a correctly formed version',
    );
  });
});
