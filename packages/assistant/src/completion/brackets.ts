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
  for (let at = 0; at < text.length; at++) {
    const sign = text[at] as string;
    if (sign === '"' || sign === "'" || sign === '`') at = quoteEnd(text, at);
    else if (sign === '(' || sign === '[' || sign === '{') open.push(sign);
    else if (closers[sign] !== undefined) {
      if (open.at(-1) === closers[sign]) open.pop();
      else strayClosers.push(at);
    }
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
