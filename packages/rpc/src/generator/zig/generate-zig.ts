import { createFileRegistry, type DescFile } from '@bufbuild/protobuf';
import type { FileDescriptorSet } from '@bufbuild/protobuf/wkt';
import { RpcError } from '../../rpc-error.ts';
import { runtimeFile } from '../runtime-file.ts';
import type { GeneratedFile } from '../typescript/generate-typescript.ts';
import { enumCode, messageCode } from './message-code.ts';
import { serviceCode } from './service-code.ts';
import { ZigFile } from './zig-file.ts';
import { zigPath } from './zig-names.ts';

export interface ZigOptions {
  /** The files to generate, by their names in the set. */
  readonly files: readonly string[];
}

/**
 * Zig 0.17 for files of a set of descriptors, which has all imports, and for the files whose types
 * they name, the well-known ones, too: a struct for each message, clients that call over zrpc's own
 * frames on a Unix socket, and the runtime `zrpc.zig` that both stand on. Enums are open, `default`
 * is not applied, extensions are unknown fields.
 */
export function generateZig(set: FileDescriptorSet, { files }: ZigOptions): GeneratedFile[] {
  const registry = createFileRegistry(set);
  const wanted = new Set(files.map((name) => fileNamed(registry.getFile(name), name)));
  const generated: GeneratedFile[] = [];
  for (const desc of wanted) {
    const file = new ZigFile(desc);
    for (const enumeration of desc.enums) enumCode(file, enumeration);
    for (const message of desc.messages) messageCode(file, message);
    for (const service of desc.services) serviceCode(file, service);
    generated.push({ path: zigPath(desc.proto.name), content: file.content() });
    for (const imported of file.imported) wanted.add(imported);
  }
  const runtime = ['zrpc.zig', 'zrpc_frames.zig', 'zrpc_wire.zig'];
  return [...generated, ...runtime.map((path) => ({ path, content: runtimeFile(`zig/${path}`) }))];
}

function fileNamed(file: DescFile | undefined, name: string): DescFile {
  if (file !== undefined) return file;
  throw new RpcError('invalid_argument', `the set of descriptors has no file ${name}`);
}
