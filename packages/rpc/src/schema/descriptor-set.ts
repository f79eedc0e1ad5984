import { clone, create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  type FileDescriptorSet,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import { RpcError } from '../rpc-error.ts';
import type { CompiledProtos } from './compile-protos.ts';
import type { LoadedFile } from './load-files.ts';
import { sortFiles } from './sort-files.ts';

export interface DescriptorSetOptions {
  /** Keep comments and positions. Default true. */
  readonly sourceInfo?: boolean;
  /** Keep the files that were imported only. Without them the set is not whole. Default true. */
  readonly imports?: boolean;
}

/** The set of what was compiled, each file after its imports. */
export function descriptorSetOf(
  { files, requested }: CompiledProtos,
  { sourceInfo = true, imports = true }: DescriptorSetOptions = {},
): FileDescriptorSet {
  const wanted = new Set(requested);
  const kept = imports ? files : files.filter(({ name }) => wanted.has(name));
  return create(FileDescriptorSetSchema, {
    file: sourceInfo ? [...kept] : kept.map(withoutSourceInfo),
  });
}

/** The bytes of a `google.protobuf.FileDescriptorSet`, as protoc and buf write and read it. */
export function encodeDescriptorSet(set: FileDescriptorSet): Uint8Array {
  return toBinary(FileDescriptorSetSchema, set);
}

/** The longest set that is read, in bytes: 64 MiB. */
const maxSetBytes = 64 * 1024 * 1024;

/**
 * Reads a set, and puts each file after its imports.
 * @throws RpcError invalid_argument for bytes that are no set, a set that lacks imports, has a file
 *   twice or a name that leads out of a folder.
 */
export function decodeDescriptorSet(bytes: Uint8Array): FileDescriptorSet {
  if (bytes.byteLength > maxSetBytes) {
    throw refused(`it is longer than ${maxSetBytes} bytes; make it of fewer files`);
  }
  const files = new Map<string, LoadedFile>();
  for (const proto of parse(bytes).file) {
    checkName(proto.name);
    if (files.has(proto.name)) throw refused(`it has ${proto.name} twice; remove one`);
    files.set(proto.name, { proto, parsed: undefined });
  }
  if (files.size === 0) throw refused('it has no files');
  const sorted = sortFiles([...files.keys()], files).map(({ proto }) => proto);
  checkImports(sorted);
  return create(FileDescriptorSetSchema, { file: sorted });
}

function parse(bytes: Uint8Array): FileDescriptorSet {
  try {
    return fromBinary(FileDescriptorSetSchema, bytes);
  } catch (cause) {
    throw refused('its bytes are no google.protobuf.FileDescriptorSet', cause);
  }
}

function checkName(name: string): void {
  const isPlain = name
    .split('/')
    .every((part) => part !== '' && part !== '.' && part !== '..' && !/[\\:\0]/.test(part));
  if (!isPlain) throw refused(`"${name}" is no name of a file within a folder`);
}

function checkImports(sorted: readonly FileDescriptorProto[]): void {
  const known = new Set<string>();
  for (const { name, dependency } of sorted) {
    const missing = dependency.find((imported) => !known.has(imported));
    if (missing !== undefined) {
      throw refused(
        `${name} imports ${missing}, which it does not have before it; make it with all imports`,
      );
    }
    known.add(name);
  }
}

function refused(reason: string, cause?: unknown): RpcError {
  return new RpcError('invalid_argument', `the set of descriptors cannot be read: ${reason}`, {
    cause,
  });
}

function withoutSourceInfo(file: FileDescriptorProto): FileDescriptorProto {
  const bare = clone(FileDescriptorProtoSchema, file);
  delete bare.sourceCodeInfo;
  return bare;
}
