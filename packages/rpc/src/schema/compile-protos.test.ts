import { describe, expect, test } from 'bun:test';
import { create, createFileRegistry, getOption } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema, file_google_protobuf_timestamp } from '@bufbuild/protobuf/wkt';
import { RpcError } from '../rpc-error.ts';
import { type CompiledProtos, type CompileOptions, compileProtos } from './compile-protos.ts';
import { schemaProblems } from './schema-problem.ts';

type Sources = Readonly<Record<string, string | Uint8Array>>;

function compile(sources: Sources, options: Partial<CompileOptions> = {}): CompiledProtos {
  return compileProtos({
    files: ['main.proto'],
    importPaths: ['.'],
    readFile: (path) => sources[path.replace(/^\.\//, '')],
    ...options,
  });
}

function refusal(sources: Sources, options: Partial<CompileOptions> = {}): string {
  try {
    compile(sources, options);
  } catch (error) {
    expect(error).toBeInstanceOf(RpcError);
    expect((error as RpcError).code).toBe('invalid_argument');
    expect(schemaProblems(error).length).toBeGreaterThan(0);
    return (error as RpcError).message;
  }
  throw new Error('it compiled');
}

const main = (text: string): string => `syntax = "proto3"; package p;\n${text}`;

describe('files', () => {
  test('come in an order in which each follows what it imports', () => {
    const { files, requested } = compile({
      'main.proto': main('import "b.proto"; import "a.proto"; message M { A a = 1; B b = 2; }'),
      'a.proto': main('message A {}'),
      'b.proto': main('import "a.proto"; message B { A a = 1; }'),
    });
    expect(files.map(({ name }) => name)).toEqual(['a.proto', 'b.proto', 'main.proto']);
    expect(requested).toEqual(['main.proto']);
  });

  test('are looked for in the import paths in their order', () => {
    const { files } = compile(
      {
        'first/main.proto': main('import "other.proto"; message M { Second s = 1; }'),
        'second/main.proto': 'not read',
        'second/other.proto': main('message Second {}'),
      },
      { importPaths: ['first', 'second/'] },
    );
    expect(files.map(({ name }) => name)).toEqual(['other.proto', 'main.proto']);
  });

  test('may be given as paths within an import path', () => {
    const sources = { 'protos/deep/main.proto': main('') };
    const { requested } = compile(sources, {
      files: ['./protos/deep/main.proto'],
      importPaths: ['protos'],
    });
    expect(requested).toEqual(['deep/main.proto']);
  });

  test('that are well known need no source, but one may be given', () => {
    const source = main(
      'import "google/protobuf/timestamp.proto"; message M { google.protobuf.Timestamp t = 1; }',
    );
    const embedded = compile({ 'main.proto': source }).files[0];
    expect(embedded?.messageType[0]?.field.map(({ name }) => name)).toEqual(['seconds', 'nanos']);
    expect(embedded).not.toBe(file_google_protobuf_timestamp.proto);
    const own = compile({
      'main.proto': source,
      'google/protobuf/timestamp.proto':
        'syntax = "proto3"; package google.protobuf; message Timestamp { int64 own = 1; }',
    }).files[0];
    expect(own?.messageType[0]?.field.map(({ name }) => name)).toEqual(['own']);
  });

  test('that do not exist are named with the paths that were searched', () => {
    expect(refusal({}, { importPaths: ['a', 'b'] })).toBe(
      'main.proto does not exist in a, b; correct the name or the import paths',
    );
    expect(refusal({ 'main.proto': main('import "gone.proto";') })).toBe(
      'main.proto:2:8 gone.proto does not exist in .; correct the name or the import paths',
    );
  });

  test('cannot be reached outside of the import paths', () => {
    for (const name of ['../a.proto', '/etc/a.proto', 'a/../b.proto', './a.proto', 'a//b.proto']) {
      const message = refusal({ 'main.proto': main(`import "${name}";`), [name]: main('') });
      expect(message).toContain(`"${name}" is no name of a file`);
    }
  });

  test('that import each other are refused', () => {
    const message = refusal({
      'main.proto': main('import "a.proto";'),
      'a.proto': main('import "b.proto";'),
      'b.proto': main('import "a.proto";'),
    });
    expect(message).toBe(
      'b.proto:2:8 a circle of imports: a.proto imports b.proto imports a.proto; break it',
    );
  });

  test('that import a faulty one are not looked at further', () => {
    const message = refusal({
      'main.proto': main('import "a.proto"; message M { A a = 1; }'),
      'a.proto': main('message A { int32 a = 0; }'),
    });
    expect(message).toBe('a.proto:2:23 numbers of fields begin at 1; write another');
  });

  test('that are no UTF-8 are refused', () => {
    const bytes = new Uint8Array([0x73, 0xff]);
    expect(refusal({ 'main.proto': bytes })).toBe('main.proto is not UTF-8; save it as UTF-8');
  });
});

describe('names', () => {
  test('of a publicly imported file are known, of another are not', () => {
    const sources = (modifier: string): Sources => ({
      'main.proto': main('import "a.proto"; message M { B b = 1; }'),
      'a.proto': main(`import ${modifier}"b.proto";`),
      'b.proto': main('message B {}'),
    });
    expect(compile(sources('public ')).files).toHaveLength(3);
    expect(refusal(sources(''))).toBe(
      'main.proto:2:31 p.B is in b.proto, which is not imported; add import "b.proto";',
    );
  });

  test('that two files declare are refused', () => {
    const message = refusal({
      'main.proto': main('import "a.proto"; message M {}'),
      'a.proto': main('message M {}'),
    });
    expect(message).toBe(
      'main.proto:2:27 p.M is declared already, as a message in a.proto; rename one of them',
    );
  });

  test('of option imports are known to options only', () => {
    const options =
      'syntax = "proto2"; package o; import "google/protobuf/descriptor.proto"; ' +
      'message O {} extend google.protobuf.FileOptions { optional string s = 50000; }';
    const edition = 'edition = "2024"; package p;\nimport option "o.proto"; option (o.s) = "x"; ';
    const { files } = compile({ 'main.proto': edition, 'o.proto': options });
    expect(files.at(-1)?.optionDependency).toEqual(['o.proto']);
    expect(files.at(-1)?.dependency).toEqual([]);
    const message = refusal({
      'main.proto': `${edition} message M { o.O o = 1; }`,
      'o.proto': options,
    });
    expect(message).toContain('o.O is in o.proto, which is not imported');
  });
});

test('local messages of edition 2024 are those of their file', () => {
  const message = refusal({
    'main.proto': main('import "a.proto";\nmessage M { A a = 1; B b = 2; A.C c = 3; }'),
    'a.proto': 'edition = "2024"; package p; message A { message C {} } local message B {}',
  });
  expect(message.split('\n')).toEqual([
    'main.proto:3:22 p.B is local to a.proto; export it there to name it here',
    'main.proto:3:31 p.A.C is local to a.proto; export it there to name it here',
  ]);
});

test('imports of which nothing is used are warned of', () => {
  const { warnings } = compile({
    'main.proto': main(
      'import "a.proto";\nimport "google/protobuf/any.proto"; message M { A a = 1; }',
    ),
    'a.proto': main('message A {}'),
  });
  expect(warnings).toEqual([
    {
      file: 'main.proto',
      line: 3,
      column: 8,
      message: 'nothing of google/protobuf/any.proto is used; remove the import',
    },
  ]);
});

test('options are fields of protobuf-es, custom ones by their extension', () => {
  const { files } = compile({
    'main.proto': main(
      'import "google/protobuf/descriptor.proto"; option java_package = "j"; ' +
        'extend google.protobuf.MessageOptions { string note = 50000; } ' +
        'message M { option deprecated = true; option (note) = "n"; }',
    ),
  });
  const file = files.at(-1);
  expect(file?.options?.javaPackage).toBe('j');
  expect(file?.messageType[0]?.options?.deprecated).toBe(true);
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [...files] }));
  const note = registry.getExtension('p.note');
  const message = registry.getMessage('p.M');
  expect(getOption(message!, note!)).toBe('n');
});

describe('limits', () => {
  test('bound the length and the number of files', () => {
    const sources = { 'main.proto': main('import "a.proto";'), 'a.proto': main('message A {}') };
    expect(refusal(sources, { limits: { maxSourceBytes: 20 } })).toBe(
      'main.proto is longer than 20 bytes; split it',
    );
    expect(refusal(sources, { limits: { maxFiles: 1 } })).toBe(
      'main.proto:2:8 more than 1 files are imported; compile fewer at once',
    );
  });

  test('bound nesting', () => {
    const nested = 'message M { '.repeat(40) + '}'.repeat(40);
    expect(refusal({ 'main.proto': main(nested) })).toContain('deeper than 32 levels');
    const value = `option java_package = ${'{ a '.repeat(100)}`;
    expect(refusal({ 'main.proto': main(value) })).toContain('deeper than 64 levels');
  });

  test('bound the problems that are told', () => {
    const fields = Array.from({ length: 500 }, (_, index) => `int32 f${index} = 0;`).join(' ');
    const message = refusal({ 'main.proto': main(`message M { ${fields} }`) });
    expect(message.split('\n')).toHaveLength(100);
    expect(refusal({ 'main.proto': '#'.repeat(500) }).split('\n')).toHaveLength(100);
  });
});
