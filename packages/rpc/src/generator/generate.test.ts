import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeDescriptorSet } from '../schema/descriptor-set.ts';
import { generate } from './generate.ts';

let folder: string;
const at = (name: string): string => join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zrpc-generate-'));
  writeFileSync(at('a.proto'), 'syntax = "proto3"; package p; message A { int32 x = 1; }');
  writeFileSync(
    at('main.proto'),
    'syntax = "proto3"; package p; import "a.proto"; message M { A a = 1; }',
  );
});

afterEach(() => rmSync(folder, { recursive: true }));

describe('generate', () => {
  test('writes the code of the sources that are asked for', () => {
    const { files, warnings } = generate({
      inputs: [at('main.proto'), at('a.proto')],
      importPaths: [folder],
      lang: 'typescript',
      out: at('gen/typescript'),
    });
    expect(files.map(({ path }) => path).sort()).toEqual(['a_pb.ts', 'main_pb.ts']);
    expect(warnings).toEqual([]);
    const written = readFileSync(at('gen/typescript/main_pb.ts'), 'utf8');
    expect(written).toContain('export interface M ');
  });

  test('writes a set of descriptors, which is as good an input', () => {
    const options = { importPaths: [folder], lang: 'typescript', out: at('gen') } as const;
    generate({ ...options, inputs: ['main.proto'], descriptorSetOut: at('set.binpb') });
    const set = decodeDescriptorSet(readFileSync(at('set.binpb')));
    expect(set.file.map(({ name }) => name)).toEqual(['a.proto', 'main.proto']);
    const { files } = generate({ ...options, inputs: [at('set.binpb')] });
    expect(files.map(({ path }) => path).sort()).toEqual(['a_pb.ts', 'main_pb.ts']);
  });

  test('compares what is there under check', () => {
    const options = { inputs: ['a.proto'], importPaths: [folder], lang: 'typescript' } as const;
    generate({ ...options, out: at('gen') });
    expect(generate({ ...options, out: at('gen'), check: true }).files).toHaveLength(1);
    writeFileSync(at('gen/a_pb.ts'), 'changed');
    const check = (): unknown => generate({ ...options, out: at('gen'), check: true });
    expect(check).toThrow(`generated files are not up to date: ${at('gen/a_pb.ts')}`);
    expect(readFileSync(at('gen/a_pb.ts'), 'utf8')).toBe('changed');
  });

  test('refuses inputs that cannot be read', () => {
    const options = { importPaths: [folder], lang: 'typescript', out: at('gen') } as const;
    expect(() => generate({ ...options, inputs: ['gone.proto'] })).toThrow(
      'gone.proto does not exist',
    );
    expect(() => generate({ ...options, inputs: [at('gone.binpb')] })).toThrow('cannot be read');
    expect(() => generate({ ...options, inputs: [at('a.binpb'), 'main.proto'] })).toThrow('alone');
  });
});
