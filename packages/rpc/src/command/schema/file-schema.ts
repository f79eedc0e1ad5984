import { readFile } from 'node:fs/promises';
import { create, createFileRegistry, type FileRegistry } from '@bufbuild/protobuf';
import {
  type FileDescriptorProto,
  type FileDescriptorSet,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import type { TypeRegistry } from '../../codec/type-registry.ts';
import { RpcError } from '../../rpc-error.ts';
import { compileProtos } from '../../schema/compile-protos.ts';
import { decodeDescriptorSet } from '../../schema/descriptor-set.ts';
import { fileFault } from '../file-fault.ts';
import { placeFiles } from './place-files.ts';
import { type Described, type Schema, typesOf } from './schema.ts';

export interface SchemaFiles {
  /** `.proto` files. */
  readonly proto?: readonly string[];
  /** Where imports are looked for, before the places of the files themselves. */
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
    const named = protos.map((path) => ({ path }));
    const placed = placeFiles(named, files.importPath ?? []);
    for (const file of compileProtos(placed).files) add(found, file);
  }
  const set = create(FileDescriptorSetSchema, { file: [...found.values()] });
  return new FileSchema([...protos, ...sets].join(', '), registryOf(set, sets));
}

async function readDescriptorSet(path: string): Promise<FileDescriptorSet> {
  const bytes = await readFile(path).catch((cause) => {
    throw fileFault(path, cause);
  });
  try {
    return decodeDescriptorSet(bytes);
  } catch (cause) {
    const { code, message } = RpcError.from(cause);
    throw new RpcError(code, `${path}: ${message}`, { cause });
  }
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
