import { describe, expect, test } from 'bun:test';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileProtos } from '../../schema/compile-protos.ts';
import { descriptorSetOf } from '../../schema/descriptor-set.ts';
import { generateZig } from './generate-zig.ts';

const protos = join(import.meta.dirname, '../../codec/fixtures/proto');

function zigOf(sources: Readonly<Record<string, string>>, ...files: string[]): Map<string, string> {
  const compiled = compileProtos({
    files,
    importPaths: ['.'],
    readFile: (path) => sources[path.slice(2)],
  });
  const generated = generateZig(descriptorSetOf(compiled), { files });
  return new Map(generated.map(({ path, content }) => [path, content]));
}

describe('generateZig', () => {
  test('writes the files that are asked for, those whose types they name, and the runtime', () => {
    const files = zigOf(
      {
        'a/main.proto':
          'syntax = "proto3"; import "b.proto"; import "c.proto"; import "google/protobuf/empty.proto"; ' +
          'message M { B b = 1; google.protobuf.Empty e = 2; }',
        'b.proto': 'syntax = "proto3"; message B {}',
        'c.proto': 'syntax = "proto3"; message C {}',
      },
      'a/main.proto',
    );
    expect([...files.keys()]).toEqual([
      ...['a/main.zig', 'b.zig', 'google/protobuf/empty.zig'],
      ...['zrpc.zig', 'zrpc_frames.zig', 'zrpc_wire.zig'],
    ]);
    expect(files.get('a/main.zig')).toContain('const zrpc_import0 = @import("../b.zig");');
    expect(files.get('a/main.zig')).toContain('b: ?*const zrpc_import0.B = null,');
  });

  test('has a field for each kind of value, and names that Zig takes', () => {
    const code = zigOf(
      {
        'm.proto':
          'syntax = "proto3"; enum E { ZERO = 0; error = 1; NULL = 0; option allow_alias = true; } ' +
          'message type { // Of a message.\n' +
          'string a = 1; optional int32 b = 2; repeated bytes c = 3; map<string, E> d = 4; type e = 5; ' +
          'oneof kind { bool f = 6; type g = 7; } double const = 8; E i = 9; }',
      },
      'm.proto',
    ).get('m.zig');
    for (const line of [
      '    @"error" = 1,',
      '    pub const NULL: zrpc_file.E = .ZERO;',
      '/// Of a message.',
      'pub const @"type" = struct {',
      '    a: []const u8 = "",',
      '    b: ?i32 = null,',
      '    c: []const []const u8 = &.{},',
      '    d: []const zrpc_file.type.DEntry = &.{},',
      '    e: ?*const zrpc_file.type = null,',
      '    kind: ?zrpc_file.type.KindOneof = null,',
      '        g: *const zrpc_file.type,',
      '    @"const": f64 = 0,',
      '    i: zrpc_file.E = @fromBackingInt(0),',
    ]) {
      expect(code?.split('\n')).toContain(line);
    }
  });

  test('writes clients, under a name that no message has', () => {
    const code = zigOf(
      {
        'm.proto':
          'syntax = "proto3"; package p; message M {} message SClient {} service S { ' +
          'rpc One(M) returns (M); rpc Down(M) returns (stream M); rpc Up(stream M) returns (M); }',
      },
      'm.proto',
    ).get('m.zig');
    expect(code).toContain('pub const SClient_ = struct {');
    expect(code).toContain('zrpc_runtime.unary(zrpc_file.M, zrpc_self.connection, "/p.S/One"');
    expect(code).toContain('try zrpc_stream.sendLast(zrpc_request);');
    expect(code).toContain('return .open(zrpc_self.connection, "/p.S/Up", zrpc_options);');
  });

  test('writes whatever the fixtures declare', () => {
    const files = readdirSync(join(protos, 'zrpc/test')).map((name) => `zrpc/test/${name}`);
    const set = descriptorSetOf(compileProtos({ files, importPaths: [protos] }));
    const paths = generateZig(set, { files }).map(({ path }) => path);
    expect(paths).toContain('zrpc/test/legacy.zig');
    expect(paths).toContain('google/protobuf/struct.zig');
  });

  test('refuses members that Zig cannot tell apart', () => {
    const sources = {
      'm.proto': 'syntax = "proto3"; message M { oneof a { int32 b = 1; } message AOneof {} }',
    };
    expect(() => zigOf(sources, 'm.proto')).toThrow('M has two members AOneof in Zig; rename one');
  });
});

test('the runtime is part of the package', () => {
  const runtime = join(import.meta.dirname, '../../../runtime');
  expect(existsSync(join(runtime, 'zig/zrpc.zig'))).toBe(true);
  expect(readFileSync(join(runtime, 'zig/zrpc_frames.zig'), 'utf8')).toContain('"zrpc\\x01"');
});
