/** What a file defines and names. Arrays of numbers, since there are many of them. */
export interface FileSymbols {
  /** Names that the numbers below stand for, by their place in this list. */
  readonly names: readonly string[];
  /**
   * Definitions by their place in the file, `definitionFields` numbers each: name, kind, first line and
   * last line, from 1.
   */
  readonly definitions: Uint32Array;
  /** A line for each definition, of at most `maxSignatureLength`: how it is declared, without its body. */
  readonly signatures: string;
  /** Pairs of a name and how often it stands in the file, outside of comments and strings. */
  readonly references: Uint32Array;
}

export const definitionFields = 4;
/** In UTF-16 units. */
export const maxSignatureLength = 200;
/** Definitions of one file, and different names in it; what comes later is left out. */
export const maxDefinitions = 5_000;
export const maxNames = 10_000;
/** Names that are shorter say nothing; longer ones are made by programs. */
export const minNameLength = 3;
export const maxNameLength = 100;

/** Why there is nothing to know of a file. */
export const skipReasons = [
  'no-grammar',
  'gone',
  'link',
  'too-large',
  'binary',
  'generated',
  'too-slow',
  'unparsable',
  'unreadable',
] as const;

export type SkipReason = (typeof skipReasons)[number];
