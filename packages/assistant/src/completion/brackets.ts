/** How much of a document is looked at for open brackets. */
const lookedAtCharacters = 8_192;

const closers: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };

/**
 * How many brackets may be closed at a cursor that the text behind it does not close: those that are
 * open before it, less those that are closed after it.
 */
export function openBrackets(prefix: string, suffix: string): number {
  const open = scan(prefix.slice(-lookedAtCharacters)).open.length;
  const closed = scan(suffix.slice(0, lookedAtCharacters)).strayClosers.length;
  return Math.max(0, open - closed);
}

/** Where the closer stands that is one too many, when `allowed` of them may be; undefined: nowhere. */
export function strayCloser(text: string, allowed: number): number | undefined {
  return scan(text).strayClosers[allowed];
}

/** Whether a text leaves brackets open. */
export function isUnbalanced(text: string): boolean {
  return scan(text).open.length > 0;
}

interface Scanned {
  readonly open: readonly string[];
  /** Offsets of closers without their opener. */
  readonly strayClosers: readonly number[];
}

/** Texts in quotes count as one thing where they end on their line, so that an apostrophe opens none. */
function scan(text: string): Scanned {
  const open: string[] = [];
  const strayClosers: number[] = [];
  // From one sign to the next: most characters are none.
  const signs = /[()[\]{}"'`]/g;
  for (let match = signs.exec(text); match !== null; match = signs.exec(text)) {
    const [sign] = match;
    const closes = closers[sign];
    if (sign === '"' || sign === "'" || sign === '`') {
      signs.lastIndex = quoteEnd(text, match.index) + 1;
    } else if (closes === undefined) open.push(sign);
    else if (open.at(-1) === closes) open.pop();
    else strayClosers.push(match.index);
  }
  return { open, strayClosers };
}

function quoteEnd(text: string, start: number): number {
  const quote = text[start];
  for (let at = start + 1; at < text.length && text[at] !== '\n'; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === quote) return at;
  }
  return start;
}
