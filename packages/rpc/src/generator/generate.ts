import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { FileDescriptorSet } from '@bufbuild/protobuf/wkt';
import { RpcError } from '../rpc-error.ts';
import { compileProtos } from '../schema/compile-protos.ts';
import {
  decodeDescriptorSet,
  descriptorSetOf,
  encodeDescriptorSet,
} from '../schema/descriptor-set.ts';
import type { SchemaProblem } from '../schema/schema-problem.ts';
import { type GoOptions, generateGo } from './go/generate-go.ts';
import { type PluginOptions, runPlugin } from './plugin/run-plugin.ts';
import { generatePython } from './python/generate-python.ts';
import { type GeneratedFile, generateTypeScript } from './typescript/generate-typescript.ts';
import type { TypeScriptOptions } from './typescript/options.ts';
import { generateZig } from './zig/generate-zig.ts';

/**
 * - `typescript`: messages, clients and servers of zrpc
 * - `python`: messages, typed clients over gRPC and over own frames, servers in grpcio
 * - `go`: messages, clients and servers by the plugins of protobuf and gRPC, which are in `PATH`; a
 *   connection over own frames for the clients
 * - `zig`: messages, and clients over own frames
 * - `plugin`: what a plugin of protoc makes
 */
export type Language = 'typescript' | 'python' | 'go' | 'zig' | 'plugin';

export interface GenerateOptions {
  /**
   * `.proto` files, by import names or by paths in an import path; or one set of descriptors, which
   * any other ending tells.
   */
  readonly inputs: readonly string[];
  /** Directories that imports are looked for in. Default: the working directory. */
  readonly importPaths?: readonly string[];
  readonly lang: Language;
  /** The directory that the code goes to, made if there is none. */
  readonly out: string;
  /** A file for the set of descriptors, imports and comments included. */
  readonly descriptorSetOut?: string;
  readonly typescript?: TypeScriptOptions;
  readonly go?: Omit<GoOptions, 'files'>;
  /** The plugin, where `lang` is `plugin`. */
  readonly plugin?: Omit<PluginOptions, 'files'>;
  /** Write nothing; throw if a file is not as it would be written. Default false. */
  readonly check?: boolean;
}

export interface Generated {
  /** The files that were written, or compared, by their paths in `out`. */
  readonly files: readonly GeneratedFile[];
  /** What the compiler of the sources warns of. */
  readonly warnings: readonly SchemaProblem[];
}

/**
 * Generates code for sources or for a set of descriptors: for all its files but the well-known ones
 * and, of sources, for those that were asked for.
 * @throws RpcError invalid_argument for sources with faults, failed_precondition under `check` for
 *   files that are not up to date.
 */
export function generate(options: GenerateOptions): Generated {
  const { set, requested, warnings } = load(options);
  const files = codeOf(set, requested, options);
  const outputs = files.map(({ path, content }) => ({ path: join(options.out, path), content }));
  const { descriptorSetOut } = options;
  if (options.check === true) {
    checkOutputs(outputs);
  } else {
    for (const { path, content } of outputs) write(path, content);
    if (descriptorSetOut !== undefined) write(descriptorSetOut, encodeDescriptorSet(set));
  }
  return { files, warnings };
}

interface Loaded {
  readonly set: FileDescriptorSet;
  readonly requested: readonly string[] | undefined;
  readonly warnings: readonly SchemaProblem[];
}

function load({ inputs, importPaths }: GenerateOptions): Loaded {
  const sets = inputs.filter((input) => !input.endsWith('.proto'));
  const [path] = sets;
  if (path === undefined) {
    const compiled = compileProtos({
      files: inputs,
      ...(importPaths !== undefined && { importPaths }),
    });
    const { requested, warnings } = compiled;
    return { set: descriptorSetOf(compiled), requested, warnings };
  }
  if (inputs.length > 1) {
    throw new RpcError(
      'invalid_argument',
      `${path} is a set of descriptors, which stands alone; give it, or .proto files`,
    );
  }
  return { set: decodeDescriptorSet(readSet(path)), requested: undefined, warnings: [] };
}

function readSet(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new RpcError(
      'not_found',
      `${path} cannot be read; give a .proto file or a set of descriptors`,
      {
        cause,
      },
    );
  }
}

function codeOf(
  set: FileDescriptorSet,
  requested: readonly string[] | undefined,
  { lang, typescript, go, plugin }: GenerateOptions,
): GeneratedFile[] {
  const files = requested ?? set.file.map(({ name }) => name).filter(isOwn);
  switch (lang) {
    case 'typescript':
      return generateTypeScript(set, { files, ...typescript });
    case 'python':
      return generatePython(set, { files });
    case 'go':
      return generateGo(set, { files, ...go });
    case 'zig':
      return generateZig(set, { files });
    case 'plugin':
      if (plugin !== undefined) return runPlugin(set, { files, ...plugin });
      throw new RpcError('invalid_argument', 'which plugin is not said; name its program');
  }
}

/** The well-known files are part of every language's runtime. */
function isOwn(name: string): boolean {
  return !name.startsWith('google/protobuf/');
}

function checkOutputs(outputs: readonly GeneratedFile[]): void {
  const stale = outputs.filter(({ path, content }) => readText(path) !== content);
  if (stale.length === 0) return;
  const names = stale.map(({ path }) => path).join(', ');
  throw new RpcError(
    'failed_precondition',
    `generated files are not up to date: ${names}; generate them again`,
  );
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function write(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}
