/** What bounds the compilation of sources that somebody else wrote. */
export interface SchemaLimits {
  /** The longest source file, in bytes of UTF-8: 16 MiB. */
  readonly maxSourceBytes: number;
  /** Source files of one compilation, imports included: 20,000. */
  readonly maxFiles: number;
  /** Messages within messages, as protoc: 32. */
  readonly maxMessageDepth: number;
  /** Braces and brackets within the value of one option: 64. */
  readonly maxValueDepth: number;
  /** Problems told of one file: 100. The rest of the file is not looked at. */
  readonly maxProblems: number;
}

export const defaultSchemaLimits: SchemaLimits = {
  maxSourceBytes: 16 * 1024 * 1024,
  maxFiles: 20_000,
  maxMessageDepth: 32,
  maxValueDepth: 64,
  maxProblems: 100,
};
