import { afterAll, describe, expect, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { createClient } from '../../src/core/client.ts';
import { generateTypeScript } from '../../src/generator/typescript/generate-typescript.ts';
import { createPlugin, type PluginOptions } from '../../src/plugins/plugin.ts';
import { compileProtos } from '../../src/schema/compile-protos.ts';
import { Words } from './gen/words_pb.ts';

const folder = import.meta.dirname;
const python = '/usr/bin/python3';

test('the committed code is what the generator makes', () => {
  const files = ['words.proto'];
  const { files: file } = compileProtos({ files, importPaths: [folder] });
  const set = create(FileDescriptorSetSchema, { file: [...file] });
  const [generated] = generateTypeScript(set, {
    files,
    runtimeModule: '../../../src/codec/runtime.ts',
    wellKnownModule: '../../../src/codec/well-known.ts',
  });
  expect(generated?.path).toBe('words_pb.ts');
  expect(generated?.content === readFileSync(join(folder, 'gen/words_pb.ts'), 'utf8')).toBe(true);
});

const kinds: [string, PluginOptions, boolean][] = [
  [
    'TypeScript over own frames',
    { name: 'words', command: [process.execPath, 'words.ts'], workingDirectory: folder },
    false,
  ],
  [
    'Python over gRPC',
    { name: 'words', command: [python, 'words.py'], protocol: 'grpc', workingDirectory: folder },
    spawnSync(python, ['-c', 'import grpc']).status !== 0,
  ],
];

describe.each(kinds)('%s', (_kind, options, skipped) => {
  const plugin = createPlugin(options);
  const words = createClient(Words, plugin);

  afterAll(() => plugin.close());

  test.skipIf(skipped)('answers one message with one', async () => {
    expect((await words.count({ value: 'to be or not' })).value).toBe(4);
  });

  test.skipIf(skipped)('answers one message with many', async () => {
    const split: string[] = [];
    for await (const { value } of words.split({ value: 'to be' })) split.push(value);
    expect(split).toEqual(['to', 'be']);
  });
});
