import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import { bundledProtos } from '../gen/bundled-protos.ts';
import { parseFile } from './parser/parse-file.ts';
import type { ParsedFile } from './parser/parsed-file.ts';
import type { SchemaLimits } from './schema-limits.ts';
import { type Place, SourceText, TooManyProblems } from './source-text.ts';
import { wellKnownFile } from './well-known-files.ts';

/** Returns what a path holds, or undefined when there is no such file. */
export type ReadFile = (path: string) => Uint8Array | string | undefined;

/** A file that was found, and parsed unless it comes as a descriptor. */
export interface LoadedFile {
  readonly proto: FileDescriptorProto;
  readonly parsed: ParsedFile | undefined;
  /** It came with this package, as source. */
  readonly isBundled?: boolean;
}

export interface LoadOptions {
  readonly importPaths: readonly string[];
  readonly readFile: ReadFile;
  readonly limits: SchemaLimits;
}

/** The files that were found, by name, and the sources of those that were not. */
export interface LoadedFiles {
  readonly files: ReadonlyMap<string, LoadedFile>;
  readonly failures: readonly SourceText[];
}

/**
 * Reads files by their import names, and all that they import. A name is looked for in the import
 * paths in their order, then among the well-known files and those of this package, such as
 * zrpc/options.proto.
 */
export function loadFiles(names: readonly string[], options: LoadOptions): LoadedFiles {
  const files = new Map<string, LoadedFile>();
  const failures: SourceText[] = [];
  const pending: Wanted[] = names.map((name) => ({ name })).reverse();
  for (let wanted = pending.pop(); wanted !== undefined; wanted = pending.pop()) {
    if (files.has(wanted.name)) continue;
    const loaded = loadFile(wanted, files.size, options, failures);
    if (loaded === undefined) continue;
    files.set(wanted.name, loaded);
    pending.push(...importsOf(loaded).reverse());
  }
  return { files, failures };
}

/** The name of a file, and where it is imported. */
interface Wanted {
  readonly name: string;
  readonly by?: { readonly source: SourceText; readonly place: Place | undefined };
}

function importsOf({ proto, parsed }: LoadedFile): Wanted[] {
  const at = (part: 'type' | 'end', index: number): Pick<Wanted, 'by'> => {
    if (parsed === undefined) return {};
    return { by: { source: parsed.source, place: parsed.places.get(proto, part, index) } };
  };
  return [
    ...proto.dependency.map((name, index) => ({ name, ...at('type', index) })),
    ...proto.optionDependency.map((name, index) => ({ name, ...at('end', index) })),
  ];
}

function loadFile(
  wanted: Wanted,
  count: number,
  options: LoadOptions,
  failures: SourceText[],
): LoadedFile | undefined {
  const problem =
    count >= options.limits.maxFiles
      ? `more than ${options.limits.maxFiles} files are imported; compile fewer at once`
      : nameProblem(wanted.name);
  if (problem !== undefined) return fail(wanted, problem, failures, options.limits);
  const bytes = readFirst(wanted.name, options);
  if (bytes !== undefined) return parseBytes(wanted.name, bytes, options.limits, failures);
  const proto = wellKnownFile(wanted.name);
  if (proto !== undefined) return { proto, parsed: undefined };
  const bundled = bundledProtos.get(wanted.name);
  if (bundled !== undefined) {
    const loaded = parseBytes(wanted.name, bundled, options.limits, failures);
    return loaded && { ...loaded, isBundled: true };
  }
  const places = options.importPaths.map((path) => path || '.').join(', ');
  // A file that nothing imports is named by the problem's place.
  const subject = wanted.by === undefined ? '' : `${wanted.name} `;
  const message = `${subject}does not exist in ${places}; correct the name or the import paths`;
  return fail(wanted, message, failures, options.limits);
}

/** An import stays within the import paths. */
function nameProblem(name: string): string | undefined {
  const parts = name.split('/');
  const isPlain = parts.every((part) => part !== '' && part !== '.' && part !== '..');
  if (isPlain && !name.includes('\\') && !name.includes('\0')) return undefined;
  return `"${name}" is no name of a file; write it from an import path on, without "." and ".."`;
}

function readFirst(name: string, options: LoadOptions): Uint8Array | string | undefined {
  for (const path of options.importPaths) {
    const found = options.readFile(path === '' ? name : `${path}/${name}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function parseBytes(
  name: string,
  bytes: Uint8Array | string,
  limits: SchemaLimits,
  failures: SourceText[],
): LoadedFile | undefined {
  const length = typeof bytes === 'string' ? bytes.length : bytes.byteLength;
  if (length > limits.maxSourceBytes) {
    const message = `is longer than ${limits.maxSourceBytes} bytes; split it`;
    return fail({ name }, message, failures, limits);
  }
  const text = typeof bytes === 'string' ? bytes : decode(bytes);
  if (text === undefined) {
    return fail({ name }, 'is not UTF-8; save it as UTF-8', failures, limits);
  }
  const parsed = parseFile(new SourceText(name, text, limits.maxProblems), limits);
  return { proto: parsed.proto, parsed };
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Reports at the import that wants the file, or else of the file itself. */
function fail(
  wanted: Wanted,
  message: string,
  failures: SourceText[],
  limits: SchemaLimits,
): undefined {
  if (wanted.by === undefined) {
    const source = new SourceText(wanted.name, '', limits.maxProblems);
    source.report(undefined, message);
    failures.push(source);
    return undefined;
  }
  try {
    wanted.by.source.report(wanted.by.place, message);
  } catch (error) {
    // The file has too many problems as it is.
    if (!(error instanceof TooManyProblems)) throw error;
  }
  return undefined;
}
