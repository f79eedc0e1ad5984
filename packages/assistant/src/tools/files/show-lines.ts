/** A longer line is cut, and says so. */
const maxShownLineCharacters = 2_000;

export interface ShownLines {
  readonly text: string;
  /** Of the lines that were given, how many are in it. */
  readonly count: number;
}

export interface ShownForm {
  /** The number of the first line. */
  readonly offset: number;
  /** Without numbers. */
  readonly plain: boolean;
}

/** Lines as models are shown them, as many as fit into so many bytes, and at least one. */
export function showLines(
  lines: readonly string[],
  { offset, plain }: ShownForm,
  maxBytes: number,
): ShownLines {
  const shown: string[] = [];
  let bytes = 0;
  for (const [index, line] of lines.entries()) {
    const row = plain ? cutLine(line) : `${offset + index}\t${cutLine(line)}`;
    bytes += Buffer.byteLength(row) + 1;
    if (bytes > maxBytes && shown.length > 0) break;
    shown.push(row);
  }
  return { text: shown.join('\n'), count: shown.length };
}

/** The beginning of a line that is too long, and how long it is. */
function cutLine(line: string): string {
  if (line.length <= maxShownLineCharacters) return line;
  return `${line.slice(0, maxShownLineCharacters)}… (the line has ${line.length} characters)`;
}
