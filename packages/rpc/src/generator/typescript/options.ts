/** What the generator of TypeScript can be told. */
export interface TypeScriptOptions {
  /**
   * The files to generate, by their names in the set. Default: all but those of `google/protobuf/`,
   * which come from `wellKnownModule`.
   */
  readonly files?: readonly string[];
  /**
   * Where the code imports `MessageType` and the like from. A path that begins with `.` is relative
   * to the folder of the output. Default: `@zeke/rpc`.
   */
  readonly runtimeModule?: string;
  /**
   * Where the code imports the types of `google/protobuf/` from that are not generated with it.
   * Default: `@zeke/rpc/well-known`.
   */
  readonly wellKnownModule?: string;
  /** How imports of generated files end. Default: `.ts`. */
  readonly importExtension?: '.ts' | '.js' | '';
}

/** The options with their defaults. */
export type Settings = Required<Omit<TypeScriptOptions, 'files'>>;

export function settingsOf(options: TypeScriptOptions): Settings {
  return {
    runtimeModule: options.runtimeModule ?? '@zeke/rpc',
    wellKnownModule: options.wellKnownModule ?? '@zeke/rpc/well-known',
    importExtension: options.importExtension ?? '.ts',
  };
}
