import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileProtos } from '../../schema/compile-protos.ts';
import { descriptorSetOf } from '../../schema/descriptor-set.ts';
import type { GeneratedFile } from '../typescript/generate-typescript.ts';
import { generateGo } from './generate-go.ts';

const path = process.env.PATH;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zrpc-go-'));
});

afterEach(() => {
  process.env.PATH = path;
  rmSync(folder, { recursive: true });
});

/** A program that writes the parameter that it is given into a file. */
function addPlugin(name: string): void {
  const script = join(import.meta.dirname, '../fixtures/plugin/protoc-gen-parameter.ts');
  const program = join(folder, name);
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${script}" ${name}\n`);
  chmodSync(program, 0o755);
}

function generate(module?: string): GeneratedFile[] {
  process.env.PATH = `${folder}:/bin:/usr/bin`;
  const sources: Readonly<Record<string, string>> = {
    './a/m.proto': 'syntax = "proto3"; import "o.proto"; message M { O o = 1; }',
    './o.proto': 'syntax = "proto3"; option go_package = "example.com/o"; message O {}',
  };
  const files = ['a/m.proto'];
  const compiled = compileProtos({ files, readFile: (name) => sources[name] });
  const options = { files, ...(module !== undefined && { module }) };
  return generateGo(descriptorSetOf(compiled), options);
}

describe('generateGo', () => {
  test('runs both plugins, with a package for files that have none', () => {
    addPlugin('protoc-gen-go');
    addPlugin('protoc-gen-go-grpc');
    const parameter = 'paths=source_relative,Ma/m.proto=example.com/gen/a';
    const files = generate('example.com/gen');
    expect(files.slice(0, 2)).toEqual([
      { path: 'protoc-gen-go.txt', content: parameter },
      { path: 'protoc-gen-go-grpc.txt', content: parameter },
    ]);
    expect(files[2]?.path).toBe('zrpc/zrpc.go');
    expect(files[2]?.content).toContain('package zrpc');
    expect(generate()[0]?.content).toBe('paths=source_relative');
  });

  test('says how a plugin is installed that is missing', () => {
    expect(() => generate()).toThrow(
      'protoc-gen-go is not in PATH; install it with "go install google.golang.org/protobuf/cmd/protoc-gen-go@latest',
    );
    addPlugin('protoc-gen-go');
    expect(() => generate()).toThrow('protoc-gen-go-grpc is not in PATH');
  });
});
