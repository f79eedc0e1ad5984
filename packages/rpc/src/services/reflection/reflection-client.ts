import {
  create,
  createFileRegistry,
  type FileRegistry,
  fromBinary,
  toBinary,
} from '@bufbuild/protobuf';
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  file_google_protobuf_any,
  file_google_protobuf_api,
  file_google_protobuf_descriptor,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_source_context,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_type,
  file_google_protobuf_wrappers,
} from '@bufbuild/protobuf/wkt';
import type { MessageInit } from '../../codec/message-type.ts';
import type { Transport } from '../../core/call.ts';
import type { CallOptions } from '../../core/client.ts';
import { codeOfNumber } from '../../core/status.ts';
import type {
  ServerReflectionRequest,
  ServerReflectionResponse,
} from '../../gen/grpc/reflection/v1/reflection_pb.ts';
import { RpcError } from '../../rpc-error.ts';
import { completeDescriptors } from './complete-descriptors.ts';
import { DescriptorIndex } from './descriptor-index.ts';
import { inOrderOfImports } from './descriptor-order.ts';
import { openReflection, type ReflectionStream } from './reflection-stream.ts';

export interface ReflectOptions extends Pick<CallOptions, 'metadata' | 'timeoutMs' | 'signal'> {
  /**
   * What is wanted: `package.Service`, `package.Message`, any symbol. Default: all services that the
   * server lists.
   */
  readonly symbols?: readonly string[];
}

/** What a server has told of itself. */
export interface Reflected {
  /** The names of its services, as it lists them. */
  readonly services: readonly string[];
  /** The descriptors that were asked for and all that they import. */
  readonly registry: FileRegistry;
  /** The same as a serialized `google.protobuf.FileDescriptorSet`, each file after its imports. */
  readonly descriptorSet: Uint8Array;
  /** Services that it lists and has no descriptors of. */
  readonly missing: readonly string[];
}

const maxServices = 10_000;
const maxFiles = 5_000;
const maxBytes = 64 * 1024 * 1024;

/**
 * Asks a server for its descriptors, by `grpc.reflection.v1`, or `v1alpha` where it has no other.
 * @throws RpcError unimplemented when the server has no reflection; not_found for a symbol that it
 *   does not know; data_loss for descriptors that make no whole; resource_exhausted for more than
 *   10,000 services, 5,000 files or 64 MiB; and whatever the call ends with.
 */
export async function reflect(
  transport: Transport,
  options: ReflectOptions = {},
): Promise<Reflected> {
  const { symbols, ...callOptions } = options;
  using stream = await openReflection(transport, callOptions);
  const services = await listServices(stream);
  const collector = new FileCollector(stream);
  const missing: string[] = [];
  for (const symbol of symbols ?? services) {
    const found = await collector.addSymbol(symbol);
    if (found) continue;
    if (symbols !== undefined) {
      throw new RpcError('not_found', `the server knows nothing of ${JSON.stringify(symbol)}`);
    }
    missing.push(symbol);
  }
  await collector.addImports();
  return { services, missing, ...wholeOf(collector.files) };
}

async function listServices(stream: ReflectionStream): Promise<string[]> {
  const answer = await stream.ask({ case: 'listServices', value: '' });
  if (answer.case === 'errorResponse') throw errorOf(answer.value);
  if (answer.case !== 'listServicesResponse') throw unexpected('listServices', answer.case);
  const names = answer.value.service.map(({ name }) => name);
  if (names.length <= maxServices) return names;
  throw new RpcError('resource_exhausted', `the server lists more than ${maxServices} services`);
}

/** Gathers files until nothing that they import is missing. */
class FileCollector {
  readonly files = new Map<string, FileDescriptorProto>();
  readonly #stream: ReflectionStream;
  readonly #index = new DescriptorIndex();
  #bytes = 0;

  constructor(stream: ReflectionStream) {
    this.#stream = stream;
  }

  async addSymbol(name: string): Promise<boolean> {
    if (this.#index.fileOfSymbol(name) !== undefined) return true;
    return await this.#add({ case: 'fileContainingSymbol', value: name });
  }

  async addImports(): Promise<void> {
    // Files that are added meanwhile are met by the same loop.
    for (const file of this.files.values()) {
      for (const name of file.dependency) {
        if (this.files.has(name)) continue;
        const found = await this.#add({ case: 'fileByFilename', value: name });
        if (!found || !this.files.has(name)) this.#addWellKnown(name, file.name);
      }
    }
  }

  /** False when the server says that there is no such thing. */
  async #add(
    question: MessageInit<ServerReflectionRequest>['messageRequest'] & {},
  ): Promise<boolean> {
    const answer = await this.#stream.ask(question);
    if (answer.case === 'errorResponse') {
      const error = errorOf(answer.value);
      if (error.code === 'not_found') return false;
      throw error;
    }
    if (answer.case !== 'fileDescriptorResponse') throw unexpected(question.case, answer.case);
    for (const bytes of answer.value.fileDescriptorProto) this.#addFile(bytes);
    return true;
  }

  #addFile(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    if (this.#bytes > maxBytes || this.files.size >= maxFiles) {
      throw new RpcError(
        'resource_exhausted',
        `the server's descriptors are more than ${maxFiles} files or ${maxBytes} bytes`,
      );
    }
    let file: FileDescriptorProto;
    try {
      file = fromBinary(FileDescriptorProtoSchema, bytes);
    } catch (cause) {
      throw new RpcError('data_loss', 'the server sent a descriptor that is none', { cause });
    }
    this.#addParsed(file);
  }

  #addParsed(file: FileDescriptorProto): void {
    if (this.files.has(file.name)) return;
    this.files.set(file.name, file);
    const set = create(FileDescriptorSetSchema, { file: [file] });
    this.#index.add(toBinary(FileDescriptorSetSchema, set));
  }

  /** Some servers leave out the files that every client has. */
  #addWellKnown(name: string, importedBy: string): void {
    const file = wellKnownFiles.find(({ proto }) => proto.name === name);
    if (file === undefined) {
      throw new RpcError('data_loss', `the server has no ${name}, which ${importedBy} imports`);
    }
    this.#addParsed(file.proto);
  }
}

const wellKnownFiles = [
  file_google_protobuf_any,
  file_google_protobuf_api,
  file_google_protobuf_descriptor,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_source_context,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_type,
  file_google_protobuf_wrappers,
];

function wholeOf(
  files: ReadonlyMap<string, FileDescriptorProto>,
): Pick<Reflected, 'registry' | 'descriptorSet'> {
  try {
    completeDescriptors(files.values());
    const set = create(FileDescriptorSetSchema, { file: inOrderOfImports(files) });
    return {
      registry: createFileRegistry(set),
      descriptorSet: toBinary(FileDescriptorSetSchema, set),
    };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'unknown';
    throw new RpcError('data_loss', `the server's descriptors make no whole: ${why}`, { cause });
  }
}

type Failure = Extract<
  ServerReflectionResponse['messageResponse'],
  { readonly case: 'errorResponse' }
>['value'];

function errorOf({ errorCode, errorMessage }: Failure): RpcError {
  return new RpcError(codeOfNumber(errorCode), `reflection: ${errorMessage}`);
}

function unexpected(asked: string | undefined, answered: string | undefined): RpcError {
  return new RpcError('internal', `reflection: ${asked} was answered with ${answered}`);
}
