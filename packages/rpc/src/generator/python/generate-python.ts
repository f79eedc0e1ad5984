import { createFileRegistry, type DescFile } from '@bufbuild/protobuf';
import type { FileDescriptorSet } from '@bufbuild/protobuf/wkt';
import { RpcError } from '../../rpc-error.ts';
import { withoutSourceOptions } from '../../schema/without-source-options.ts';
import { runtimeFile } from '../runtime-file.ts';
import type { GeneratedFile } from '../typescript/generate-typescript.ts';
import { messagesModuleCode } from './messages-module.ts';
import { modulePath } from './python-names.ts';
import { serviceModuleCode } from './service-module.ts';
import { typesModuleCode } from './types-module.ts';

export interface PythonOptions {
  /** The files to generate, by their names in the set. */
  readonly files: readonly string[];
}

/**
 * Python 3.9 and later for files of a set of descriptors, which has all imports:
 *
 * - `NAME_pb2.py`: the messages, built by the package `protobuf` from the descriptor, no protoc;
 * - `NAME_pb2.pyi`: their types;
 * - `NAME_zrpc.py`, where there are services: typed clients for grpcio and for zrpc's own frames,
 *   and bases of servers in grpcio;
 * - `zrpc_frames.py`: the channel of zrpc's own frames on a Unix socket.
 *
 * Files in editions want protobuf 5 or later.
 */
export function generatePython(set: FileDescriptorSet, { files }: PythonOptions): GeneratedFile[] {
  const withComments = createFileRegistry(set);
  const bare = createFileRegistry(withoutComments(withoutSourceOptions(set)));
  const generated = files.flatMap((name): GeneratedFile[] => {
    const path = modulePath(name);
    const commented = fileNamed(withComments.getFile(name), name);
    const messages = [
      { path: `${path}_pb2.py`, content: messagesModuleCode(fileNamed(bare.getFile(name), name)) },
      { path: `${path}_pb2.pyi`, content: typesModuleCode(commented) },
    ];
    if (commented.services.length === 0) return messages;
    return [...messages, { path: `${path}_zrpc.py`, content: serviceModuleCode(commented) }];
  });
  const hasServices = generated.some(({ path }) => path.endsWith('_zrpc.py'));
  if (!hasServices) return generated;
  return [...generated, { path: 'zrpc_frames.py', content: runtimeFile('python/zrpc_frames.py') }];
}

function fileNamed(file: DescFile | undefined, name: string): DescFile {
  if (file !== undefined) return file;
  throw new RpcError('invalid_argument', `the set of descriptors has no file ${name}`);
}

function withoutComments(set: FileDescriptorSet): FileDescriptorSet {
  for (const file of set.file) delete file.sourceCodeInfo;
  return set;
}
