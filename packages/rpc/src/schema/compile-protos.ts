import { clone } from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { linkFiles } from './linker/link-files.ts';
import { loadFiles, type ReadFile } from './load-files.ts';
import { readFile as readFileFromDisk } from './read-file.ts';
import { defaultSchemaLimits, type SchemaLimits } from './schema-limits.ts';
import { type SchemaProblem, schemaError } from './schema-problem.ts';
import { sortFiles } from './sort-files.ts';

export interface CompileOptions {
  /** Import names, or paths that lie in an import path. */
  readonly files: readonly string[];
  /** Directories that imports are looked for in, in this order. Default: the working directory. */
  readonly importPaths?: readonly string[];
  /** Gets paths that begin with an import path. Default: the file system. */
  readonly readFile?: ReadFile;
  readonly limits?: Partial<SchemaLimits>;
}

/** What `compileProtos` makes of sources. */
export interface CompiledProtos {
  /**
   * The files and all that they import, each after its imports: linked, with options interpreted
   * and, unless it is a well-known file that came with the compiler, with source information.
   */
  readonly files: readonly FileDescriptorProto[];
  /** The import names of the files that were asked for. */
  readonly requested: readonly string[];
  /** The import names of the files that were in no import path and came with this package. */
  readonly bundled: readonly string[];
  /** What is allowed but likely a mistake, such as an import that is not used. */
  readonly warnings: readonly SchemaProblem[];
}

/**
 * Compiles `.proto` sources of proto2, proto3 and the editions 2023 and 2024 to descriptors, as
 * `protoc --descriptor_set_out` does.
 * @throws RpcError invalid_argument that lists what is wrong, with lines and columns;
 *   `schemaProblems` gives the list.
 */
export function compileProtos(options: CompileOptions): CompiledProtos {
  const importPaths = options.importPaths ?? ['.'];
  const limits = { ...defaultSchemaLimits, ...options.limits };
  const requested = options.files.map((path) => importName(path, importPaths));
  const { files, failures } = loadFiles(requested, {
    importPaths: importPaths.map(trimSlash),
    readFile: options.readFile ?? readFileFromDisk,
    limits,
  });
  const sorted = sortFiles(requested, files);
  linkFiles(sorted);
  const sources = [...failures, ...sorted.flatMap(({ parsed }) => parsed?.source ?? [])];
  const problems = sources.flatMap((source) => source.problems.sort(inOrder));
  if (problems.length > 0) throw schemaError(problems);
  return {
    files: sorted.map(({ proto, parsed }) =>
      parsed === undefined ? clone(FileDescriptorProtoSchema, proto) : proto,
    ),
    requested,
    bundled: sorted.flatMap(({ proto, isBundled }) => (isBundled ? [proto.name] : [])),
    warnings: sources.flatMap((source) => source.warnings),
  };
}

function inOrder(left: SchemaProblem, right: SchemaProblem): number {
  return left.line - right.line || left.column - right.column;
}

/** Paths may be given as a shell completes them; imports go from an import path on. */
function importName(path: string, importPaths: readonly string[]): string {
  const plain = path.replace(/^(?:\.\/+)+/, '');
  const roots = importPaths
    .map((root) => trimSlash(root).replace(/^(?:\.\/+)+/, ''))
    .filter((root) => root !== '' && root !== '.' && plain.startsWith(`${root}/`));
  const longest = roots.sort((left, right) => right.length - left.length)[0];
  return longest === undefined ? plain : plain.slice(longest.length).replace(/^\/+/, '');
}

function trimSlash(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, '') : path;
}
