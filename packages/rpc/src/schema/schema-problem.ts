import { RpcError } from '../rpc-error.ts';

/** A fault of a `.proto` source, at a place a person can go to. */
export interface SchemaProblem {
  /** The file's name as imports spell it. */
  readonly file: string;
  /** From 1. 0 when the fault is the whole file's, as of one that does not exist. */
  readonly line: number;
  /** From 1, in UTF-16 code units, as editors count. 0 with `line` 0. */
  readonly column: number;
  readonly message: string;
}

/** The type of the error detail that carries `SchemaProblem[]`. */
const schemaProblemsType = 'zrpc.SchemaProblems';

/** `file.proto:LINE:COLUMN message` */
export function formatProblem(problem: SchemaProblem): string {
  const { file, line, column, message } = problem;
  return line === 0 ? `${file} ${message}` : `${file}:${line}:${column} ${message}`;
}

/**
 * The error of a compilation that failed: `invalid_argument`, a line for each problem in the
 * message, and the problems themselves as a detail.
 */
export function schemaError(problems: readonly SchemaProblem[]): RpcError {
  return new RpcError('invalid_argument', problems.map(formatProblem).join('\n'), {
    details: [{ type: schemaProblemsType, value: problems }],
  });
}

/** The problems that an error of `compileProtos` carries; none for other errors. */
export function schemaProblems(error: unknown): readonly SchemaProblem[] {
  if (!(error instanceof RpcError)) return [];
  return error.detail<readonly SchemaProblem[]>(schemaProblemsType) ?? [];
}
