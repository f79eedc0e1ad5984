import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { FileDescriptorSet } from '@bufbuild/protobuf/wkt';
import { RpcError } from '../rpc-error.ts';
import { type CompiledProtos, compileProtos } from '../schema/compile-protos.ts';
import {
  decodeDescriptorSet,
  descriptorSetOf,
  encodeDescriptorSet,
} from '../schema/descriptor-set.ts';
import type { SchemaProblem } from '../schema/schema-problem.ts';
import { type GoOptions, generateGo } from './go/generate-go.ts';
import { type PluginOptions, runPlugin } from './plugin/run-plugin.ts';
import { generatePython } from './python/generate-python.ts';
import { findStaleFiles, type StaleFile } from './stale-files.ts';
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
  /** What was generated earlier, from sources that are gone. Never more than none under `check`. */
  readonly stale: readonly StaleFile[];
}

/**
 * Generates code for sources or for a set of descriptors: for all its files but the well-known ones
 * and, of sources, for those that were asked for and those that came with this package and are
 * imported, where the code needs them.
 * @throws RpcError invalid_argument for sources with faults, failed_precondition under `check` for
 *   files that are not up to date, or generated from sources that are gone.
 */
export function generate(options: GenerateOptions): Generated {
  const { set, compiled } = load(options);
  const files = codeOf(set, compiled && wantedOf(compiled, options.lang), options);
  const outputs = files.map(({ path, content }) => ({ path: join(options.out, path), content }));
  const { descriptorSetOut, importPaths = ['.'] } = options;
  const stale =
    compiled === undefined
      ? []
      : findStaleFiles({ out: options.out, generated: files, compiled, importPaths });
  if (options.check === true) {
    checkOutputs(outputs);
    checkStale(stale);
  } else {
    for (const { path, content } of outputs) write(path, content);
    if (descriptorSetOut !== undefined) write(descriptorSetOut, encodeDescriptorSet(set));
  }
  return { files, warnings: compiled?.warnings ?? [], stale };
}

interface Loaded {
  readonly set: FileDescriptorSet;
  /** Of sources. */
  readonly compiled?: CompiledProtos;
}

function load({ inputs, importPaths }: GenerateOptions): Loaded {
  const sets = inputs.filter((input) => !input.endsWith('.proto'));
  const [path] = sets;
  if (path === undefined) {
    const compiled = compileProtos({
      files: inputs,
      ...(importPaths !== undefined && { importPaths }),
    });
    return { set: descriptorSetOf(compiled), compiled };
  }
  if (inputs.length > 1) {
    throw new RpcError(
      'invalid_argument',
      `${path} is a set of descriptors, which stands alone; give it, or .proto files`,
    );
  }
  return { set: decodeSet(path) };
}

function decodeSet(path: string): FileDescriptorSet {
  const bytes = readSet(path);
  try {
    return decodeDescriptorSet(bytes);
  } catch (cause) {
    const { code, message } = RpcError.from(cause);
    throw new RpcError(code, `${path}: ${message}; .proto files end in .proto`, { cause });
  }
}

/**
 * The files of this package that others import, by language: what no published package of that
 * language has. The options are types in TypeScript and Zig only where code asks for them.
 */
const alongside: Readonly<Record<Language, RegExp>> = {
  typescript: /^(?:google|grpc)\//,
  zig: /^(?:google|grpc)\//,
  python: /^(?:zrpc|grpc)\//,
  go: /^zrpc\//,
  plugin: /^zrpc\//,
};

function wantedOf({ requested, bundled }: CompiledProtos, lang: Language): readonly string[] {
  return [...new Set([...requested, ...bundled.filter((name) => alongside[lang].test(name))])];
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

function checkStale(stale: readonly StaleFile[]): void {
  const [first] = stale;
  if (first === undefined) return;
  throw new RpcError(
    'failed_precondition',
    `generated files whose sources are gone: ${stale.map(({ path }) => path).join(', ')}; delete them, or say with an import path where ${first.source} is`,
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
