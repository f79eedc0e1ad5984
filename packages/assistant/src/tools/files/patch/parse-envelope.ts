import { badPatch, type FilePatch, type Hunk, type HunkLine } from './file-patch.ts';

/** Reads the lines of a patch between `*** Begin Patch` and `*** End Patch`. */
export function parseEnvelope(lines: readonly string[]): FilePatch[] {
  const begin = lines.findIndex((line) => line.trim() === '*** Begin Patch');
  const end = lines.findIndex((line, at) => at > begin && line.trim() === '*** End Patch');
  if (end < 0) throw badPatch(lines.length, 'it has no "*** End Patch": was it cut short?');
  const patches: FilePatch[] = [];
  for (let at = begin + 1; at < end; ) {
    const line = lines[at] ?? '';
    if (line.trim() === '') {
      at++;
      continue;
    }
    const header = /^\*\*\* (Add|Delete|Update) File: (.+)$/.exec(line.trimEnd());
    if (header === null) throw badPatch(at + 1, expectedHeader);
    const [, verb, path = ''] = header;
    let next = at + 1;
    while (next < end && !fileHeader.test(lines[next] ?? '')) next++;
    const body = { lines: lines.slice(at + 1, next), first: at + 2 };
    if (verb === 'Add') patches.push({ kind: 'add', path: path.trim(), text: addedText(body) });
    else if (verb === 'Update') patches.push(update(path.trim(), body));
    else patches.push(deletion(path.trim(), body));
    at = next;
  }
  return patches;
}

/** Lines below the header of one file; `first` is the number of the first. */
interface Body {
  readonly lines: readonly string[];
  readonly first: number;
}

const fileHeader = /^\*\*\* (?:Add|Delete|Update) File: /;
const expectedHeader =
  'here "*** Add File: path", "*** Update File: path" or "*** Delete File: path" should stand';

function addedText({ first, lines }: Body): string {
  const rows = withoutBlankEnd(lines);
  const texts = rows.map((row, index) => {
    if (row.startsWith('+')) return row.slice(1);
    if (row === '') return '';
    throw badPatch(first + index, 'every line of a new file begins with "+"');
  });
  return texts.map((text) => `${text}\n`).join('');
}

function deletion(path: string, { first, lines }: Body): FilePatch {
  const extra = lines.findIndex((line) => line.trim() !== '');
  if (extra >= 0) throw badPatch(first + extra, 'nothing follows "*** Delete File"');
  return { kind: 'delete', path, hunks: [] };
}

function update(path: string, { first, lines }: Body): FilePatch {
  const move = /^\*\*\* Move to: (.+)$/.exec(lines[0]?.trimEnd() ?? '');
  const skipped = move === null ? 0 : 1;
  const hunks = hunksOf({ lines: withoutBlankEnd(lines.slice(skipped)), first: first + skipped });
  const moveTo = move?.[1]?.trim();
  if (moveTo !== undefined) return { kind: 'update', path, moveTo, hunks };
  if (hunks.length === 0) throw badPatch(first, `no line of ${path} is changed`);
  return { kind: 'update', path, hunks };
}

function withoutBlankEnd(lines: readonly string[]): readonly string[] {
  const last = lines.findLastIndex((line) => line !== '');
  return lines.slice(0, last + 1);
}

/** A hunk that is being read. */
interface OpenHunk {
  readonly after: string[];
  readonly lines: HunkLine[];
  line?: number;
  isAtEnd: boolean;
}

function hunksOf({ first, lines }: Body): Hunk[] {
  const hunks: Hunk[] = [];
  let open: OpenHunk = { after: [], lines: [], isAtEnd: false };
  const close = (number: number) => {
    if (open.lines.length > 0) hunks.push({ ...open, endless: { old: false, new: false } });
    else if (open.after.length > 0) throw badPatch(number, 'no change follows "@@"');
    open = { after: [], lines: [], isAtEnd: false };
  };
  for (const [index, row] of lines.entries()) {
    const number = first + index;
    if (row.startsWith('@@')) {
      if (open.lines.length > 0 || open.isAtEnd) close(number);
      startHunk(open, row);
    } else if (row.trim() === '*** End of File') open.isAtEnd = true;
    else if (open.isAtEnd) throw badPatch(number, '"@@" should stand after "*** End of File"');
    else open.lines.push(lineOf(row, number));
  }
  close(first + lines.length);
  return hunks;
}

function startHunk(open: OpenHunk, row: string): void {
  const numbered = /^@@ -(\d+)(?:,\d+)? \+\d+(?:,\d+)? @@/.exec(row);
  if (numbered) open.line = Number(numbered[1]);
  else if (row.slice(2).trim() !== '') open.after.push(row.slice(2).replace(/^ /, ''));
}

function lineOf(row: string, number: number): HunkLine {
  const sign = row[0];
  if (sign === undefined) return { sign: ' ', text: '' };
  if (sign === ' ' || sign === '-' || sign === '+') return { sign, text: row.slice(1) };
  throw badPatch(
    number,
    'a line that stays begins with a blank, one that goes with "-", one that comes with "+"',
  );
}
