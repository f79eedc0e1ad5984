/** What a path was in a snapshot, as git has it. */
export interface TreeEntry {
  /** `100644`, `100755` for a program, `120000` for a link. */
  readonly mode: string;
  /** Hash of the bytes, in hex. */
  readonly blob: string;
}

/** One file that two snapshots differ in; undefined where it is not in one of them. */
export interface ChangedFile {
  /** Relative to the project's root; each character stands for one byte of it. */
  readonly bytePath: string;
  readonly before: TreeEntry | undefined;
  readonly after: TreeEntry | undefined;
}

/** The path as people write it. */
export function shownPath(bytePath: string): string {
  return Buffer.from(bytePath, 'latin1').toString('utf8');
}

/** Reads `git diff-tree -r -z --raw --no-renames` (git-diff-tree(1), "raw output format"). */
export function parseRawDiff(output: Buffer): ChangedFile[] {
  const fields = output.toString('latin1').split('\0');
  const files: ChangedFile[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [beforeMode = '', afterMode = '', beforeBlob = '', afterBlob = ''] =
      fields[at]?.slice(1).split(' ') ?? [];
    files.push({
      bytePath: fields[at + 1] ?? '',
      before: entryOf(beforeMode, beforeBlob),
      after: entryOf(afterMode, afterBlob),
    });
  }
  return files;
}

function entryOf(mode: string, blob: string): TreeEntry | undefined {
  return mode === '000000' ? undefined : { mode, blob };
}
