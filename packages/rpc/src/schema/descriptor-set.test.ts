import { describe, expect, test } from 'bun:test';
import { create, createFileRegistry, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import { RpcError } from '../rpc-error.ts';
import { type CompiledProtos, compileProtos } from './compile-protos.ts';
import { decodeDescriptorSet, descriptorSetOf, encodeDescriptorSet } from './descriptor-set.ts';

const sources: Readonly<Record<string, string>> = {
  './main.proto': 'syntax = "proto3"; import "a.proto"; /* A message. */ message M { A a = 1; }',
  './a.proto': 'syntax = "proto3"; message A {}',
};

function compiled(): CompiledProtos {
  return compileProtos({ files: ['main.proto'], readFile: (path) => sources[path] });
}

describe('a set of descriptors', () => {
  test('reads back as it was written', () => {
    const set = descriptorSetOf(compiled());
    const read = decodeDescriptorSet(encodeDescriptorSet(set));
    expect(read).toEqual(set);
    expect(createFileRegistry(read).getMessage('M')?.fields).toHaveLength(1);
  });

  test('can do without source information and without imports', () => {
    const bare = descriptorSetOf(compiled(), { sourceInfo: false, imports: false });
    expect(bare.file.map(({ name, sourceCodeInfo }) => [name, sourceCodeInfo])).toEqual([
      ['main.proto', undefined],
    ]);
    expect(compiled().files[1]?.sourceCodeInfo?.location.length).toBeGreaterThan(0);
  });

  test('is put in order', () => {
    const { file } = descriptorSetOf(compiled());
    const reversed = create(FileDescriptorSetSchema, { file: file.toReversed() });
    const read = decodeDescriptorSet(encodeDescriptorSet(reversed));
    expect(read.file.map(({ name }) => name)).toEqual(['a.proto', 'main.proto']);
  });

  test.each([
    ['has no files', []],
    ['main.proto imports a.proto', [{ name: 'main.proto', dependency: ['a.proto'] }]],
    ['has a.proto twice', [{ name: 'a.proto' }, { name: 'a.proto' }]],
    ['"../a.proto" is no name', [{ name: '../a.proto' }]],
    ['"/a.proto" is no name', [{ name: '/a.proto' }]],
    [
      'b.proto imports a.proto',
      [
        { name: 'a.proto', dependency: ['b.proto'] },
        { name: 'b.proto', dependency: ['a.proto'] },
      ],
    ],
  ])('is refused when it %s', (reason, file) => {
    const set = create(FileDescriptorSetSchema, { file });
    expect(() => decodeDescriptorSet(toBinary(FileDescriptorSetSchema, set))).toThrow(reason);
  });

  test('is refused for other bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decodeDescriptorSet(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(RpcError);
        }
      }),
    );
  });
});
