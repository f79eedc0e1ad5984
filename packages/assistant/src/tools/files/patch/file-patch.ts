import { RpcError } from '@zeke/rpc';

/** What a patch does to one file. */
export type FilePatch =
  | { readonly kind: 'add'; readonly path: string; readonly text: string; readonly mode?: number }
  | { readonly kind: 'delete'; readonly path: string; readonly hunks: readonly Hunk[] }
  | {
      readonly kind: 'update';
      readonly path: string;
      /** Where the file is moved to. */
      readonly moveTo?: string;
      readonly hunks: readonly Hunk[];
    };

/** Lines that stand together, some of which go and some of which come. */
export interface Hunk {
  /** Of the first old line, counted from 1, as the patch says it. */
  readonly line?: number;
  /** Lines to be found before it, one after the other: `@@ class A`. */
  readonly after: readonly string[];
  readonly lines: readonly HunkLine[];
  /** Its old lines are the last of the file. */
  readonly isAtEnd: boolean;
  /** The file's last line had no end, and is to have none: `\ No newline at end of file`. */
  readonly endless: { readonly old: boolean; readonly new: boolean };
}

export interface HunkLine {
  readonly sign: ' ' | '-' | '+';
  readonly text: string;
}

/** `invalid_argument` for a line of a patch, counted from 1. */
export function badPatch(line: number, what: string): RpcError {
  return new RpcError('invalid_argument', `line ${line} of the patch: ${what}`);
}
