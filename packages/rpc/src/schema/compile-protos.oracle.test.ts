import { expect, test } from 'bun:test';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, createFileRegistry, fromBinary, type JsonValue, toJson } from '@bufbuild/protobuf';
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  type FileDescriptorSet,
  FileDescriptorSetSchema,
  type SourceCodeInfo_Location,
} from '@bufbuild/protobuf/wkt';
import { compileProtos } from './compile-protos.ts';
import { descriptorSetOf } from './descriptor-set.ts';
import { withoutSourceOptions } from './without-source-options.ts';

const fixtures = join(import.meta.dirname, 'fixtures');
const corpus = join(fixtures, 'corpus');
const forProtoc = join(fixtures, 'protoc');

test('the corpus compiles to what protoc makes of it, source information included', () => {
  const files = [...protosIn(corpus), ...protosIn(forProtoc)];
  const compiled = compileProtos({ files, importPaths: [corpus, forProtoc] });
  const ours = create(FileDescriptorSetSchema, { file: [...compiled.files] });
  const theirs = readSet('protoc.binpb');
  expect(theirs.file.length).toBe(files.length);
  for (const file of theirs.file) {
    const own = fileIn(ours, file.name);
    expect(withoutLocations(own, ours)).toEqual(withoutLocations(file, ours));
    expect(locations(own)).toEqual(locations(file));
  }
});

test('the corpus compiles to what buf makes of it', () => {
  const files = protosIn(corpus);
  const compiled = compileProtos({ files, importPaths: [corpus] });
  const ours = create(FileDescriptorSetSchema, { file: [...compiled.files] });
  const theirs = bufBuild(corpus);
  for (const name of files) {
    const [own, their] = [fileIn(ours, name), fileIn(theirs, name)];
    expect(withRoundDefaults(withoutLocations(own, ours))).toEqual(
      withRoundDefaults(withoutLocations(their, ours)),
    );
    // Which comments are detached, buf decides otherwise than protoc.
    if (name === 'acme/comments.proto') continue;
    expect(comments(own)).toEqual(comments(their));
    expect(declarationSpans(own)).toEqual(declarationSpans(their));
  }
});

test('without the options of sources it is what protoc makes of it without them', () => {
  const files = protosIn(corpus);
  const whole = descriptorSetOf(compileProtos({ files, importPaths: [corpus] }));
  const ours = withoutSourceOptions(whole);
  const theirs = readSet('protoc-runtime.binpb');
  expect(theirs.file.length).toBe(files.length);
  for (const file of theirs.file) {
    const own = fileIn(ours, file.name);
    expect(withoutLocations(own, whole)).toEqual(withoutLocations(file, whole));
    expect(locations(own)).toEqual(locations(file));
  }
});

function readSet(name: string): FileDescriptorSet {
  return fromBinary(FileDescriptorSetSchema, readFileSync(join(fixtures, name)));
}

function protosIn(directory: string): string[] {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.proto')).sort();
}

function bufBuild(directory: string): FileDescriptorSet {
  const buf = join(import.meta.dirname, '../../node_modules/.bin/buf');
  const scratch = mkdtempSync(join(tmpdir(), 'zrpc-buf-'));
  try {
    const output = join(scratch, 'set.binpb');
    execFileSync(buf, ['build', directory, '--as-file-descriptor-set', '-o', output]);
    return fromBinary(FileDescriptorSetSchema, readFileSync(output));
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

function fileIn(set: FileDescriptorSet, name: string): FileDescriptorProto {
  return set.file.find((file) => file.name === name)!;
}

/** With custom options by their names, whatever the order of their bytes. */
function withoutLocations(file: FileDescriptorProto, set: FileDescriptorSet): JsonValue {
  const registry = createFileRegistry(set);
  const bare = { ...file, sourceCodeInfo: undefined } as unknown as FileDescriptorProto;
  return toJson(FileDescriptorProtoSchema, bare, { registry });
}

/** The same floats are written with other digits. */
function withRoundDefaults(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withRoundDefaults);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, inner]) => [name, withRoundDefaults(inner)]);
  const result = Object.fromEntries(entries);
  const { type, defaultValue } = value;
  if (type === 'TYPE_FLOAT') result.defaultValue = String(Math.fround(Number(defaultValue)));
  if (type === 'TYPE_DOUBLE') result.defaultValue = String(Number(defaultValue));
  return result;
}

function byPath(file: FileDescriptorProto): Map<string, SourceCodeInfo_Location[]> {
  const map = new Map<string, SourceCodeInfo_Location[]>();
  for (const location of file.sourceCodeInfo?.location ?? []) {
    const path = location.path.join('.');
    map.set(path, [...(map.get(path) ?? []), location]);
  }
  return map;
}

function locations(file: FileDescriptorProto): Record<string, unknown> {
  const entries = [...byPath(file)].map(([path, all]) => [path, all.map(describe).sort()]);
  return Object.fromEntries(entries);
}

function describe(location: SourceCodeInfo_Location): string {
  const { span, leadingComments, trailingComments, leadingDetachedComments } = location;
  return JSON.stringify({ span, leadingComments, trailingComments, leadingDetachedComments });
}

/** buf leaves out the new line that a trailing line comment ends with. */
function comments(file: FileDescriptorProto): Record<string, unknown> {
  const entries = [...byPath(file)].map(([path, all]) => {
    const texts = all.map((location) => [
      location.leadingComments,
      location.trailingComments.replace(/\n$/, ''),
      location.leadingDetachedComments,
    ]);
    return [path, texts.filter((text) => text.flat().join('') !== '')] as const;
  });
  return Object.fromEntries(entries.filter(([, texts]) => texts.length > 0));
}

/** The whole of each message, field, enum, value, service, method, oneof and import. */
function declarationSpans(file: FileDescriptorProto): Record<string, unknown> {
  const entries = [...byPath(file)]
    .filter(([path]) => isDeclaration(path))
    .map(([path, all]) => [path, all.map(({ span }) => span.join(','))]);
  return Object.fromEntries(entries);
}

function isDeclaration(path: string): boolean {
  const inMessage = /^4\.\d+(?:\.3\.\d+)*(?:\.(?:2|5|6|8)\.\d+|\.4\.\d+(?:\.2\.\d+)?)?$/;
  return /^(?:|2|12|[37]\.\d+|[56]\.\d+(?:\.2\.\d+)?)$/.test(path) || inMessage.test(path);
}
