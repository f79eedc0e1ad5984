/** Where a cursor stands, as far as it says what a completion may be. */
export interface CursorPlace {
  /** Between two letters of one word: nothing fits there. */
  readonly isInWord: boolean;
  /** The line before the cursor, and after it. */
  readonly lineBefore: string;
  readonly lineAfter: string;
  /** More than one line may be completed. */
  readonly isMultiLine: boolean;
  /** The line before it begins a block that is still to be written. */
  readonly opensBlock: boolean;
  /** Columns of white space before the line's text; on a blank line, before the cursor. */
  readonly indent: number;
}

const wordEnd = /[\p{L}\p{N}_$]$/u;
const wordStart = /^[\p{L}\p{N}_$]/u;
/** What editors close by themselves may stand behind the cursor of an open block. */
const onlyClosers = /^[\s)\]}>;,'"`]*$/;
/** A line that is done: what is completed is the next one. */
const ends = /[;},]\s*$/;
/** A line that another one belongs to. */
const opens = /(?:[{([:]|=>|->|\b(?:do|then|else))\s*$/;

/** Looks at a cursor. */
export function cursorPlace(prefix: string, suffix: string): CursorPlace {
  const lineBefore = prefix.slice(prefix.lastIndexOf('\n') + 1);
  const end = suffix.indexOf('\n');
  const lineAfter = (end < 0 ? suffix : suffix.slice(0, end)).replace(/\r$/, '');
  const isBlank = lineBefore.trim() === '';
  return {
    isInWord: wordEnd.test(lineBefore) && wordStart.test(lineAfter),
    lineBefore,
    lineAfter,
    isMultiLine:
      onlyClosers.test(lineAfter) && (isBlank || opens.test(lineBefore) || ends.test(lineBefore)),
    opensBlock: opens.test(lineBefore),
    indent: isBlank ? columnsOf(lineBefore) : indentOf(lineBefore),
  };
}

/** Columns of white space at the beginning of a line; a tab counts as four. */
export function indentOf(line: string): number {
  return columnsOf(/^\s*/.exec(line)?.[0] ?? '');
}

function columnsOf(space: string): number {
  let columns = 0;
  for (const each of space) columns += each === '\t' ? 4 : 1;
  return columns;
}

/** Whether two texts, one behind the other, would make one word out of two. */
export function joinsWords(before: string, after: string): boolean {
  return wordEnd.test(before.slice(-2)) && wordStart.test(after.slice(0, 2));
}
