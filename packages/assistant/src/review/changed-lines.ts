/** Of each file that a diff leaves behind: the lines that it shows, as they are numbered afterwards. */
export type ChangedLines = ReadonlyMap<string, ReadonlySet<number>>;

const header = /^@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@/;

/** Reads a unified diff, as git and others write it. A text that is none has no files. */
export function changedLines(diff: string): ChangedLines {
  const files = new Map<string, Set<number>>();
  let lines: Set<number> | undefined;
  let next = 0;
  let left = 0;
  for (const row of diff.split('\n')) {
    const [, start, count = '1'] = header.exec(row) ?? [];
    if (start !== undefined) {
      next = Number(start);
      left = Number(count);
    } else if (left > 0 && (row.startsWith('+') || row.startsWith(' ') || row === '')) {
      lines?.add(next);
      next += 1;
      left -= 1;
    } else if (row.startsWith('+++ ')) {
      const file = fileOf(row.slice('+++ '.length));
      lines = file === undefined ? undefined : (files.get(file) ?? new Set());
      if (file !== undefined && lines !== undefined) files.set(file, lines);
      left = 0;
    }
  }
  return files;
}

/** Undefined for a file that is deleted. */
function fileOf(name: string): string | undefined {
  const path = name
    .replace(/\t.*$/, '')
    .replace(/^"(.*)"$/, '$1')
    .trimEnd();
  return path === '/dev/null' ? undefined : path.replace(/^[a-z]\//, '');
}
