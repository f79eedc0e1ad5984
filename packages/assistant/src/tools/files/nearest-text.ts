import { similarity } from './similarity.ts';
import { TextLines } from './text-lines.ts';

/** Lines shown of what is nearest, with those around it. */
const maxShownLines = 40;
const linesAround = 2;
/** Lines beyond are not compared letter by letter. */
const maxComparedLines = 5_000;
/** What is less alike is nothing like it. */
const minSimilarity = 0.4;
/** A line counts for the more the longer it is, up to here: `}` says little. */
const maxWeight = 40;

/**
 * The lines of a text that are most like what was looked for in it, with their numbers; undefined where
 * nothing is like it.
 */
export function nearestText(text: string, wanted: string): string | undefined {
  const { lines } = new TextLines(text);
  const looked = new TextLines(wanted).lines.map((line) => line.trim());
  const start = bestWindow(lines, looked) ?? mostAlike(lines, looked);
  if (start === undefined) return undefined;
  const from = Math.max(0, start - linesAround);
  const rows = Math.min(maxShownLines, looked.length + 2 * linesAround);
  return numbered(lines.slice(from, from + rows), from + 1);
}

/** Lines as models are shown them: number, tab, text. `first` is the number of the first. */
export function numbered(lines: readonly string[], first: number): string {
  return lines.map((line, index) => `${first + index}\t${line}`).join('\n');
}

/** Where most of the lines that were looked for stand together, but for blanks around them. */
function bestWindow(lines: readonly string[], looked: readonly string[]): number | undefined {
  const known = new Set(looked);
  const weights = lines.map((line) => {
    const plain = line.trim();
    return known.has(plain) ? Math.min(plain.length, maxWeight) : 0;
  });
  let sum = 0;
  let best = 0;
  let at: number | undefined;
  for (const [index, weight] of weights.entries()) {
    sum += weight - (weights[index - looked.length] ?? 0);
    if (sum <= best) continue;
    best = sum;
    at = Math.max(0, index - looked.length + 1);
  }
  // Some brackets alike are nothing.
  return best > minWeight ? at : undefined;
}

const minWeight = 6;

/** The line that is most like the longest of those that were looked for. */
function mostAlike(lines: readonly string[], looked: readonly string[]): number | undefined {
  const longest = looked.toSorted((one, other) => other.length - one.length)[0] ?? '';
  let best = minSimilarity;
  let at: number | undefined;
  for (const [index, line] of lines.slice(0, maxComparedLines).entries()) {
    const plain = line.trim();
    // What is much longer or shorter cannot be alike enough.
    if (plain.length > longest.length * 4 || plain.length * 4 < longest.length) continue;
    const found = similarity(plain, longest);
    if (found <= best) continue;
    best = found;
    at = index;
  }
  return at === undefined ? undefined : Math.max(0, at - looked.indexOf(longest));
}
