import type { FileDescriptorProto, FileDescriptorSet } from '@bufbuild/protobuf/wkt';
import { RpcError } from '../../rpc-error.ts';
import { runPlugin } from '../plugin/run-plugin.ts';
import { runtimeFile } from '../runtime-file.ts';
import type { GeneratedFile } from '../typescript/generate-typescript.ts';

export interface GoOptions {
  /** The files to generate, by their names in the set. */
  readonly files: readonly string[];
  /**
   * The import path of the output, for files that have no `go_package`: with `example.com/gen` that
   * of `a/b.proto` is `example.com/gen/a`.
   */
  readonly module?: string;
}

/** How the two are installed. */
const installation =
  'go install google.golang.org/protobuf/cmd/protoc-gen-go@latest ' +
  'google.golang.org/grpc/cmd/protoc-gen-go-grpc@latest';

/**
 * Go for files of a set of descriptors, which has all imports: messages by `protoc-gen-go`, clients
 * and servers by `protoc-gen-go-grpc`, both looked for in `PATH`, and `zrpc/zrpc.go`, a connection on
 * which these clients call over own frames.
 * @throws RpcError as `runPlugin`.
 */
export function generateGo(set: FileDescriptorSet, options: GoOptions): GeneratedFile[] {
  const { files } = options;
  const parameter = ['paths=source_relative', ...packageFlags(set, options)].join(',');
  const run = (program: string): GeneratedFile[] => {
    try {
      return runPlugin(set, { program, parameter, files });
    } catch (error) {
      if (!(error instanceof RpcError) || error.code !== 'not_found') throw error;
      const message = `${program} is not in PATH; install it with "${installation}"`;
      throw new RpcError('not_found', message, { cause: error });
    }
  };
  const messages = run('protoc-gen-go');
  const services = run('protoc-gen-go-grpc');
  if (services.length === 0) return messages;
  const runtime = { path: 'zrpc/zrpc.go', content: runtimeFile('go/zrpc.go') };
  return [...messages, ...services, runtime];
}

/** The plugins want a package of every file, of those that are imported, too. */
function packageFlags(set: FileDescriptorSet, { module }: GoOptions): string[] {
  if (module === undefined) return [];
  return set.file.filter(hasNoPackage).map(({ name }) => {
    const folder = name.includes('/') ? `/${name.slice(0, name.lastIndexOf('/'))}` : '';
    return `M${name}=${module}${folder}`;
  });
}

function hasNoPackage({ options }: FileDescriptorProto): boolean {
  return options === undefined || options.goPackage === '';
}
