import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runZrpc } from './testing/run-zrpc.ts';
import { zrpc } from './testing/zrpc-process.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zrpc-gen-'));
  await mkdir(join(folder, 'proto/shop'), { recursive: true });
  await write('a.proto', 'syntax = "proto3";\npackage shop;\nmessage A { int32 x = 1; }\n');
  await write(
    'b.proto',
    'syntax = "proto3";\npackage shop;\nimport "shop/a.proto";\nmessage B { A a = 1; }\n',
  );
});

afterEach(() => rm(folder, { recursive: true }));

function write(name: string, text: string): Promise<void> {
  return writeFile(join(folder, 'proto/shop', name), text);
}

const at = (path: string): string => join(folder, path);

test('a folder, relative to where the user stands', async () => {
  const result = await zrpc(['gen', 'proto', '--out', 'src/gen'], { cwd: folder });
  expect(result).toEqual({ code: 0, stdout: '', stderr: '2 files written to src/gen\n' });
  expect((await readdir(at('src/gen/shop'))).sort()).toEqual(['a_pb.ts', 'b_pb.ts']);
});

test('files, and how they import each other', async () => {
  const files = [at('proto/shop/b.proto'), at('proto/shop/a.proto')];
  const flags = ['-I', at('proto'), '-o', at('gen'), '--import-extension', '.js'];
  const module = ['--runtime-module', 'my-runtime'];
  expect((await runZrpc(['gen', ...files, ...flags, ...module])).code).toBe(0);
  const text = await readFile(at('gen/shop/b_pb.ts'), 'utf8');
  expect(text).toContain("from './a_pb.js'");
  expect(text).toContain("from 'my-runtime'");
});

test('--check compares and fails', async () => {
  const args = ['gen', at('proto'), '--out', at('gen')];
  await runZrpc(args);
  const same = await runZrpc([...args, '--check']);
  expect(same).toEqual({ code: 0, stdout: '', stderr: `2 files in ${at('gen')} as generated\n` });
  await write('a.proto', 'syntax = "proto3";\npackage shop;\nmessage A { int64 x = 1; }\n');
  const stale = await runZrpc([...args, '--check']);
  expect(stale.code).toBe(9);
  expect(stale.stderr).toContain(`not up to date: ${at('gen/shop/a_pb.ts')};`);
});

test('what was generated from a source that is gone is told, and fails a check', async () => {
  const args = ['gen', at('proto'), '--out', at('gen')];
  await runZrpc(args);
  await rm(at('proto/shop/b.proto'));
  await writeFile(at('gen/shop/own.ts'), '// Written by hand.\n');
  const told = await runZrpc(args);
  expect(told.code).toBe(0);
  expect(told.stderr).toContain(
    `warning: ${at('gen/shop/b_pb.ts')} was generated from shop/b.proto, which makes it no more`,
  );
  const failed = await runZrpc([...args, '--check']);
  expect(failed.code).toBe(9);
  expect(failed.stderr).toContain(`sources are gone: ${at('gen/shop/b_pb.ts')}; delete them`);
  expect(failed.stderr).not.toContain('own.ts');
});

test('a source that is left out this time is not gone', async () => {
  await runZrpc(['gen', at('proto'), '--out', at('gen')]);
  const one = ['gen', at('proto/shop/a.proto'), '-I', at('proto'), '--out', at('gen'), '--check'];
  expect((await runZrpc(one)).code).toBe(0);
});

test('an import path more takes none away', async () => {
  await mkdir(at('vendor/money'), { recursive: true });
  await writeFile(
    at('vendor/money/money.proto'),
    'syntax = "proto3";\npackage money;\nmessage Money { int64 cents = 1; }\n',
  );
  await write(
    'a.proto',
    'syntax = "proto3";\npackage shop;\nimport "money/money.proto";\nmessage A { money.Money m = 1; }\n',
  );
  const inFolder = await zrpc(['gen', 'proto', '-I', 'vendor', '--out', 'gen'], { cwd: folder });
  expect(inFolder).toEqual({ code: 0, stdout: '', stderr: '2 files written to gen\n' });
  const files = ['proto/shop/a.proto', '-I', 'vendor', '-I', at('proto')];
  const named = await zrpc(['gen', ...files, '--out', 'gen', '--check'], { cwd: folder });
  expect(named).toEqual({ code: 0, stdout: '', stderr: '1 file in gen as generated\n' });
});

test('the files of this package are known, and generated where code needs them', async () => {
  await write(
    'a.proto',
    `syntax = "proto3";
package shop;
import "zrpc/options.proto";
import "google/rpc/status.proto";
message A { google.rpc.Status status = 1; }
service S { rpc Get(A) returns (A) { option (zrpc.policy) = { public: true }; } }
`,
  );
  const result = await runZrpc(['gen', at('proto'), '--out', at('gen')]);
  expect(result).toEqual({ code: 0, stdout: '', stderr: `3 files written to ${at('gen')}\n` });
  expect(await readdir(at('gen/google/rpc'))).toEqual(['status_pb.ts']);
  const text = await readFile(at('gen/shop/a_pb.ts'), 'utf8');
  expect(text).toContain("from '../google/rpc/status_pb.ts'");
  expect(text).toContain('options: {\n        "zrpc.policy": {\n          "public": true\n');
  expect(text.length).toBeLessThan(10_000);
});

test('sets of descriptors, out and in', async () => {
  const out = await runZrpc(['gen', at('proto'), '--descriptor-set-out', at('x/shop.binpb')]);
  expect(out.stderr).toBe(`2 files described in ${at('x/shop.binpb')}\n`);
  const flags = ['--descriptor-set-in', at('x/shop.binpb'), '--out', at('gen')];
  expect((await runZrpc(['gen', ...flags])).stderr).toBe(`2 files written to ${at('gen')}\n`);
  const described = await runZrpc(['describe', 'B', '--descriptor-set', at('x/shop.binpb')]);
  expect(described.stdout).toBe('message shop.B {\n  shop.A a = 1;\n}\n');
});

test('faults and warnings with their lines and columns', async () => {
  await write('a.proto', 'syntax = "proto3";\npackage shop;\nmessage A { strng x = 1; }\n');
  const faulty = await runZrpc(['gen', at('proto'), '--out', at('gen')]);
  expect(faulty.code).toBe(3);
  expect(faulty.stderr).toStartWith('zrpc: shop/a.proto:3:13 strng');
  await write('a.proto', 'syntax = "proto3";\npackage shop;\nmessage A { int32 x = 1; }\n');
  await write('b.proto', 'syntax = "proto3";\npackage shop;\nimport "shop/a.proto";\n');
  const unused = await runZrpc(['gen', at('proto'), '--out', at('gen')]);
  expect(unused.code).toBe(0);
  expect(unused.stderr).toStartWith('warning: shop/b.proto:3:8 nothing of shop/a.proto is used');
});

test.each<[string[], string]>([
  [['--out', 'gen'], 'there is nothing to generate from'],
  [['a.proto'], 'say where the code goes, such as --out gen'],
  [['a.proto', '--descriptor-set-in', 'x', '--out', 'gen'], 'leave one of them out'],
  [['nope.proto', '--out', 'gen'], 'nope.proto does not exist'],
  [['--descriptor-set-in', '/nowhere', '--out', 'gen'], '/nowhere cannot be read'],
  [['a.proto', '--lang', 'cobol'], 'Allowed choices are typescript'],
  [[import.meta.dirname, '--ot', 'x'], 'Did you mean --out?'],
])('gen %p', async (args, reason) => {
  const { code, stderr } = await runZrpc(['gen', ...args]);
  expect(stderr).toContain(reason);
  expect(code).toBeGreaterThan(0);
});
