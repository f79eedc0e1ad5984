import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute } from 'node:path';
import { create, createFileRegistry, type FileRegistry, fromBinary } from '@bufbuild/protobuf';
import {
  type FileDescriptorProto,
  type FileDescriptorSet,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import type { TypeRegistry } from '../../codec/type-registry.ts';
import { RpcError } from '../../rpc-error.ts';
import { type CompiledProtos, compileProtos } from '../../schema/compile-protos.ts';
import { fileFault } from '../file-fault.ts';
import { type Described, type Schema, typesOf } from './schema.ts';

export interface SchemaFiles {
  /** `.proto` files. */
  readonly proto?: readonly string[];
  /** Where imports are looked for. Default: the working directory. */
  readonly importPath?: readonly string[];
  /** Serialized `google.protobuf.FileDescriptorSet`s. */
  readonly descriptorSet?: readonly string[];
}

/**
 * The schema of `.proto` files and sets of descriptors together.
 * @throws RpcError invalid_argument that names what is wrong in them, with lines and columns where
 *   there are some; not_found for files that are not there.
 */
export async function fileSchema(files: SchemaFiles): Promise<Schema> {
  const protos = files.proto ?? [];
  const sets = files.descriptorSet ?? [];
  const found = new Map<string, FileDescriptorProto>();
  for (const path of sets) {
    for (const file of (await readDescriptorSet(path)).file) add(found, file);
  }
  if (protos.length > 0) {
    for (const file of compileFiles(protos, files.importPath).files) add(found, file);
  }
  const set = create(FileDescriptorSetSchema, { file: [...found.values()] });
  return new FileSchema([...protos, ...sets].join(', '), registryOf(set, sets));
}

/** @throws RpcError for a file that is not there or is no set of descriptors. */
export async function readDescriptorSet(path: string): Promise<FileDescriptorSet> {
  const bytes = await readFile(path).catch((cause) => {
    throw fileFault(path, cause);
  });
  try {
    return fromBinary(FileDescriptorSetSchema, bytes);
  } catch (cause) {
    throw new RpcError(
      'invalid_argument',
      `${path}: the file is no google.protobuf.FileDescriptorSet, as zrpc gen --descriptor-set-out writes it`,
      { cause },
    );
  }
}

/**
 * Compiles files as a shell names them. One that lies in no import path is found in its own folder,
 * where no import path is given.
 */
export function compileFiles(
  paths: readonly string[],
  importPaths: readonly string[] | undefined,
): CompiledProtos {
  if (importPaths !== undefined) return compileProtos({ files: paths, importPaths });
  const outside = paths.filter((path) => isAbsolute(path) || /^(?:\.\/)*\.\.\//.test(path));
  return compileProtos({ files: paths, importPaths: ['.', ...new Set(outside.map(dirname))] });
}

function add(files: Map<string, FileDescriptorProto>, file: FileDescriptorProto): void {
  if (!files.has(file.name)) files.set(file.name, file);
}

function registryOf(set: FileDescriptorSet, paths: readonly string[]): FileRegistry {
  try {
    return createFileRegistry(set);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'unknown';
    throw new RpcError(
      'invalid_argument',
      `${paths.join(', ')}: the set of descriptors is not whole: ${why}; write it with its imports`,
      { cause },
    );
  }
}

class FileSchema implements Schema {
  readonly origin: string;
  readonly registries: readonly FileRegistry[];
  readonly types: TypeRegistry;
  readonly #registry: FileRegistry;

  constructor(origin: string, registry: FileRegistry) {
    this.origin = origin;
    this.#registry = registry;
    this.registries = [registry];
    this.types = typesOf(this.registries);
  }

  async services(): Promise<readonly string[]> {
    const names: string[] = [];
    for (const type of this.#registry) if (type.kind === 'service') names.push(type.typeName);
    return names.sort();
  }

  async lookUp(name: string): Promise<Described | undefined> {
    return this.#registry.get(name);
  }
}
