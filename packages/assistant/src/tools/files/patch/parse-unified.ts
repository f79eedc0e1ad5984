import { badPatch, type FilePatch, type Hunk, type HunkLine } from './file-patch.ts';
import { unquoteName } from './unquote-name.ts';

/**
 * Reads a unified diff, as git, diff and models write it. How many lines a hunk says it has decides
 * only where what follows could be read in two ways: models count badly.
 */
export function parseUnified(lines: readonly string[]): FilePatch[] {
  const patches: FilePatch[] = [];
  for (let at = 0; at < lines.length; ) {
    const head = readHead(lines, at);
    if (head === undefined) {
      if ((lines[at] ?? '').startsWith('@@')) throw badPatch(at + 1, 'no file is named before it');
      at++;
      continue;
    }
    const hunks: Hunk[] = [];
    at = head.next;
    while ((lines[at] ?? '').startsWith('@@')) {
      const { hunk, next } = readHunk(lines, at);
      hunks.push(hunk);
      at = next;
    }
    patches.push(patchOf(head, hunks));
  }
  return patches;
}

/** What stands before the hunks of a file. */
interface Head {
  readonly line: number;
  readonly next: number;
  readonly oldName?: string | undefined;
  readonly newName?: string | undefined;
  readonly renamedFrom?: string | undefined;
  readonly renamedTo?: string | undefined;
  readonly mode?: string | undefined;
  readonly isDeleted: boolean;
}

const nowhere = '/dev/null';

function readHead(lines: readonly string[], from: number): Head | undefined {
  const isGit = (lines[from] ?? '').startsWith('diff --git ');
  if (!isGit && !isFileHeader(lines, from)) return undefined;
  const fields = new Map<string, string>();
  let at = isGit ? from + 1 : from;
  for (; at < lines.length; at++) {
    const row = lines[at] ?? '';
    if (row.startsWith('Binary files ') || row === 'GIT binary patch') {
      throw badPatch(at + 1, 'a binary file cannot be patched: use a command by the tool shell');
    }
    const field = gitField.exec(row);
    if (field === null || isFileHeader(lines, at)) break;
    fields.set(field[1] ?? '', field[2] ?? '');
  }
  const names = isFileHeader(lines, at)
    ? { oldName: nameIn(lines[at] ?? ''), newName: nameIn(lines[at + 1] ?? '') }
    : namesOfGit(lines[from] ?? '');
  const unsupported = ['copy from', 'old mode'].find((name) => fields.has(name));
  if (unsupported)
    throw badPatch(from + 1, `"${unsupported}" is not understood: use the tool shell`);
  return {
    line: from + 1,
    next: isFileHeader(lines, at) ? at + 2 : at,
    ...names,
    renamedFrom: unquoted(fields.get('rename from')),
    renamedTo: unquoted(fields.get('rename to')),
    mode: fields.get('new file mode'),
    isDeleted: fields.has('deleted file mode'),
  };
}

const gitField =
  /^(index|old mode|new mode|new file mode|deleted file mode|similarity index|dissimilarity index|rename from|rename to|copy from|copy to) (.*)$/;

function isFileHeader(lines: readonly string[], at: number): boolean {
  return (lines[at] ?? '').startsWith('--- ') && (lines[at + 1] ?? '').startsWith('+++ ');
}

/** Behind `--- ` or `+++ `; some write a time after a tab. */
function nameIn(row: string): string {
  return unquoteName(row.slice(4).split('\t', 1)[0]?.trimEnd() ?? '');
}

function unquoted(name: string | undefined): string | undefined {
  return name === undefined ? undefined : unquoteName(name);
}

/** `diff --git a/x b/x`, where no other line names the file: both names are the same then. */
function namesOfGit(row: string): { oldName?: string; newName?: string } {
  const rest = row.slice('diff --git '.length);
  const middle = (rest.length - 1) / 2;
  const [one, other] = [rest.slice(0, middle), rest.slice(middle + 1)];
  return one.slice(1) === other.slice(1) ? { oldName: one, newName: other } : {};
}

function patchOf(head: Head, hunks: readonly Hunk[]): FilePatch {
  const { isDeleted, line, mode, newName, oldName, renamedFrom, renamedTo } = head;
  if (renamedFrom !== undefined && renamedTo !== undefined) {
    return { kind: 'update', path: renamedFrom, moveTo: renamedTo, hunks };
  }
  if (oldName === undefined || newName === undefined) throw badPatch(line, 'it names no file');
  const [path, target] = withoutPrefixes(oldName, newName);
  if (oldName === nowhere || mode !== undefined) return added(target, hunks, mode, line);
  if (newName === nowhere || isDeleted) return { kind: 'delete', path, hunks };
  if (path !== target) {
    throw badPatch(line, `${path} and ${target} differ: say "rename from" and "rename to"`);
  }
  if (hunks.length === 0) throw badPatch(line, `no line of ${path} is changed: where is its "@@"?`);
  return { kind: 'update', path, hunks };
}

/** `a/` and `b/` of git, where both have it. */
function withoutPrefixes(oldName: string, newName: string): [string, string] {
  const isPrefixed =
    (oldName === nowhere || oldName.startsWith('a/')) &&
    (newName === nowhere || newName.startsWith('b/'));
  return isPrefixed ? [oldName.slice(2), newName.slice(2)] : [oldName, newName];
}

function added(
  path: string,
  hunks: readonly Hunk[],
  mode: string | undefined,
  line: number,
): FilePatch {
  if (mode !== undefined && !mode.startsWith('100')) {
    throw badPatch(line, `a file of mode ${mode} cannot be made: use the tool shell`);
  }
  const lines = hunks.flatMap((hunk) => hunk.lines);
  if (lines.some(({ sign }) => sign !== '+')) {
    throw badPatch(line, `${path} is new: every line of it begins with "+"`);
  }
  const text = lines.map((one) => `${one.text}\n`).join('');
  const isEndless = hunks.at(-1)?.endless.new ?? false;
  const executable = mode === '100755' ? { mode: 0o755 } : {};
  return { kind: 'add', path, text: isEndless ? text.slice(0, -1) : text, ...executable };
}

const hunkHeader = /^@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@/;

function readHunk(lines: readonly string[], from: number): { hunk: Hunk; next: number } {
  const header = hunkHeader.exec(lines[from] ?? '');
  // Without counts nothing is left to be read.
  const left = header
    ? { old: Number(header[2] ?? 1), new: Number(header[3] ?? 1) }
    : { old: 0, new: 0 };
  const rows: HunkLine[] = [];
  const endless = { old: false, new: false };
  let at = from + 1;
  for (; at < lines.length; at++) {
    const row = lines[at] ?? '';
    if (row.startsWith('\\')) {
      const last = rows.at(-1)?.sign;
      if (last !== '+') endless.old = true;
      if (last !== '-') endless.new = true;
      continue;
    }
    const isDue = left.old > 0 && left.new > 0;
    if (isFileHeader(lines, at) && !isDue) break;
    const sign = row === '' ? ' ' : row[0];
    if (sign !== ' ' && sign !== '-' && sign !== '+') break;
    if (row === '' && !isDue && !goesOn(lines, at)) break;
    rows.push({ sign, text: row.slice(1) });
    if (sign !== '+') left.old--;
    if (sign !== '-') left.new--;
  }
  if (rows.length === 0) throw badPatch(from + 1, 'no line follows "@@"');
  const line = header ? { line: Number(header[1]) } : {};
  return { hunk: { ...line, after: [], lines: rows, isAtEnd: false, endless }, next: at };
}

/** After an empty row: the hunk has more rows, so it stands for an empty line that stays. */
function goesOn(lines: readonly string[], from: number): boolean {
  const next = lines.slice(from).findIndex((row) => row !== '');
  if (next < 0 || isFileHeader(lines, from + next)) return false;
  return /^[ +-]/.test(lines[from + next] ?? '');
}
