import { spawnSync } from 'node:child_process';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  CodeGeneratorRequestSchema,
  type CodeGeneratorResponse,
  CodeGeneratorResponse_Feature,
  type CodeGeneratorResponse_File,
  CodeGeneratorResponseSchema,
  Edition,
  type FileDescriptorSet,
} from '@bufbuild/protobuf/wkt';
import { RpcError } from '../../rpc-error.ts';
import { withoutSourceOptions } from '../../schema/without-source-options.ts';
import type { GeneratedFile } from '../typescript/generate-typescript.ts';

export interface PluginOptions {
  /** The program, looked for in `PATH` if it has no slash: `protoc-gen-go`. */
  readonly program: string;
  /** What protoc's `--NAME_opt` gives it: `paths=source_relative`. */
  readonly parameter?: string;
  /** The files to generate, by their names in the set. */
  readonly files: readonly string[];
}

/** The longest answer of a plugin, in bytes: 256 MiB. */
const maxResponseBytes = 256 * 1024 * 1024;
/** The longest time a plugin may take: two minutes. */
const timeoutMs = 120_000;

/**
 * Runs a plugin of protoc on a set of descriptors, which has all imports, and returns what it makes.
 * Source: google/protobuf/compiler/plugin.proto
 * @throws RpcError not_found for a program that does not exist, failed_precondition for one that
 *   fails, refuses the files, or does not know a feature of theirs.
 */
export function runPlugin(set: FileDescriptorSet, options: PluginOptions): GeneratedFile[] {
  const wanted = new Set(options.files);
  const request = create(CodeGeneratorRequestSchema, {
    fileToGenerate: [...options.files],
    parameter: options.parameter ?? '',
    protoFile: withoutSourceOptions(set).file,
    sourceFileDescriptors: set.file.filter(({ name }) => wanted.has(name)),
  });
  const response = respond(options.program, toBinary(CodeGeneratorRequestSchema, request));
  if (response.error !== '') throw failed(options.program, response.error);
  checkFeatures(set, wanted, response, options.program);
  return filesOf(response, options.program);
}

function respond(program: string, request: Uint8Array): CodeGeneratorResponse {
  const { status, signal, stdout, stderr, error } = spawnSync(program, {
    input: request,
    maxBuffer: maxResponseBytes,
    timeout: timeoutMs,
  });
  if (error !== undefined && 'code' in error && error.code === 'ENOENT') {
    throw new RpcError('not_found', `${program} is not in PATH; install it, or give its path`, {
      cause: error,
    });
  }
  if (error !== undefined) throw failed(program, error.message, error);
  if (status !== 0) {
    const reason = stderr.toString().trim() || `it ended with ${signal ?? status}`;
    throw failed(program, reason);
  }
  try {
    return fromBinary(CodeGeneratorResponseSchema, stdout);
  } catch (cause) {
    throw failed(
      program,
      'its answer is no CodeGeneratorResponse; is it a plugin of protoc?',
      cause,
    );
  }
}

function failed(program: string, reason: string, cause?: unknown): RpcError {
  return new RpcError('failed_precondition', `${program}: ${reason}`, { cause });
}

/** A plugin says what it knows of the language; what it does not know it would get wrong. */
function checkFeatures(
  set: FileDescriptorSet,
  wanted: ReadonlySet<string>,
  response: CodeGeneratorResponse,
  program: string,
): void {
  const has = (feature: number): boolean => (Number(response.supportedFeatures) & feature) !== 0;
  for (const file of set.file) {
    if (!wanted.has(file.name)) continue;
    if (file.syntax === 'editions') {
      const { minimumEdition, maximumEdition } = response;
      const isKnown =
        has(CodeGeneratorResponse_Feature.SUPPORTS_EDITIONS) &&
        file.edition >= minimumEdition &&
        file.edition <= maximumEdition;
      const edition = (Edition[file.edition] ?? '').replace('EDITION_', 'edition ');
      if (!isKnown) throw failed(program, `it does not know ${edition}, which ${file.name} is in`);
    } else if (!has(CodeGeneratorResponse_Feature.PROTO3_OPTIONAL) && hasProto3Optional(file)) {
      throw failed(program, `it does not know optional fields of proto3, which ${file.name} has`);
    }
  }
}

type Messages = FileDescriptorSet['file'][number]['messageType'];

function hasProto3Optional({ messageType }: { messageType: Messages }): boolean {
  return messageType.some(
    ({ field, nestedType }) =>
      field.some(({ proto3Optional }) => proto3Optional) ||
      hasProto3Optional({ messageType: nestedType }),
  );
}

/** A file without a name goes on with the one before it. */
function filesOf({ file }: CodeGeneratorResponse, program: string): GeneratedFile[] {
  const files: { path: string; content: string }[] = [];
  for (const part of file) {
    const last = files.at(-1);
    if (part.insertionPoint !== '') {
      throw failed(program, `it inserts into a file of another plugin, ${part.name}; run protoc`);
    }
    if (part.name === '' && last !== undefined) last.content += part.content;
    else files.push({ path: checkedPath(part, program), content: part.content });
  }
  return files;
}

function checkedPath({ name }: CodeGeneratorResponse_File, program: string): string {
  const isPlain = name.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
  if (!isPlain) throw failed(program, `it would write "${name}", which is not in the folder`);
  return name;
}
