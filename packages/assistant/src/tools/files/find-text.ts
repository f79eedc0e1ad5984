import { reindentation } from './indentation.ts';
import { similarity } from './similarity.ts';
import { TextLines } from './text-lines.ts';

/** A place in a text and what is to stand there instead. */
export interface TextMatch {
  readonly start: number;
  /** Behind its last character. */
  readonly end: number;
  readonly replacement: string;
}

export interface FoundText {
  /** How it had to be looked for: letter by letter, but for blanks, or by its first and last line. */
  readonly how: 'exact' | 'whitespace' | 'anchors';
  /** At least one; none overlap, in their order. */
  readonly matches: readonly TextMatch[];
}

/**
 * Where a text stands that a model remembers, and what replaces it there. Letter by letter; where it is
 * not, by whole lines whose blanks (then also quotes and dashes) may differ, with the replacement
 * indented as the file is; where that is not, by the first and last of at least four lines, with
 * what is between them nearly the same. All texts end their lines by `\n`. Undefined where it is nowhere.
 */
export function findText(text: string, wanted: string, replacement: string): FoundText | undefined {
  const exact = findExact(text, wanted, replacement);
  if (exact.length > 0) return { how: 'exact', matches: exact };
  if (wanted.trim() === '') return undefined;
  const search = { source: new TextLines(text), wanted, replacement };
  for (const plain of plainForms) {
    const matches = findLines(search, plain);
    if (matches.length > 0) return { how: 'whitespace', matches };
  }
  const anchored = findAnchored(search);
  return anchored.length > 0 ? { how: 'anchors', matches: anchored } : undefined;
}

interface Search {
  readonly source: TextLines;
  readonly wanted: string;
  readonly replacement: string;
}

/** From the strictest to the mildest: what is left of a line to be compared. */
export const plainForms: readonly ((line: string) => string)[] = [
  (line) => line.trimEnd(),
  (line) => line.trim(),
  (line) => plainPunctuation(line).replace(/\s+/g, ' ').trim(),
];

function plainPunctuation(line: string): string {
  return line
    .replace(/[\u2018\u2019\u201a\u201b]/g, "'")
    .replace(/[\u201c\u201d\u201e\u201f]/g, '"')
    .replace(/[\u2010-\u2015\u2212]/g, '-')
    .replace(/[\u00a0\u2002-\u200a\u202f\u205f\u3000]/g, ' ');
}

function findExact(text: string, wanted: string, replacement: string): TextMatch[] {
  const matches: TextMatch[] = [];
  if (wanted === '') return matches;
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length)) {
    matches.push({ start: at, end: at + wanted.length, replacement });
  }
  return matches;
}

function findLines(search: Search, plain: (line: string) => string): TextMatch[] {
  const { lines } = search.source;
  const wanted = new TextLines(search.wanted).lines;
  const forms = lines.map(plain);
  const wantedForms = wanted.map(plain);
  const matches: TextMatch[] = [];
  for (let line = 0; line + wanted.length <= lines.length; line++) {
    if (!wantedForms.every((form, index) => form === forms[line + index])) continue;
    const match = matchOf(search, line, line + wanted.length, wanted);
    if (match === undefined) continue;
    matches.push(match);
    line += wanted.length - 1;
  }
  return matches;
}

/** The lines from `first` to before `end`; `known` says as which of them the written lines are known. */
function matchOf(
  { source, wanted, replacement }: Search,
  first: number,
  end: number,
  written: readonly string[],
  known: readonly string[] = source.lines.slice(first, end),
): TextMatch | undefined {
  const indent = reindentation(written, known);
  if (indent === undefined) return undefined;
  const takesEnd = wanted.endsWith('\n');
  const hasEnd = source.endOf(end - 1) < source.text.length;
  const lines = replacement.split('\n').map(indent).join('\n');
  return {
    start: source.startOf(first),
    end: takesEnd ? source.startOf(end) : source.endOf(end - 1),
    // The last line of a file may have no end: it gets none either.
    replacement: takesEnd && !hasEnd && lines.endsWith('\n') ? lines.slice(0, -1) : lines,
  };
}

/** With fewer lines the first and last say too little. */
const minAnchoredLines = 4;
/** The block may have a quarter of the lines more or less than was remembered. */
const lengthTolerance = 4;
/** How like what was remembered the lines between must be, from 0 to 1. */
const minSimilarity = 0.8;
/** Beyond so many pairs of a first and a last line the anchors say nothing. */
const maxAnchorPairs = 1_000;

function findAnchored(search: Search): TextMatch[] {
  const wanted = new TextLines(search.wanted).lines;
  const [first = '', last = ''] = [wanted[0]?.trim(), wanted.at(-1)?.trim()];
  if (wanted.length < minAnchoredLines || first === '' || last === '') return [];
  const lines = search.source.lines.map((line) => line.trim());
  const middle = middleOf(wanted);
  const slack = Math.max(1, Math.floor(wanted.length / lengthTolerance));
  const matches: TextMatch[] = [];
  let pairs = 0;
  for (let start = lines.indexOf(first); start >= 0; start = lines.indexOf(first, start + 1)) {
    let best = minSimilarity;
    let match: TextMatch | undefined;
    const from = start + Math.max(2, wanted.length - slack - 1);
    for (let end = from; end < Math.min(lines.length, start + wanted.length + slack); end++) {
      if (lines[end] !== last) continue;
      if (++pairs > maxAnchorPairs) return [];
      const block = search.source.lines.slice(start, end + 1);
      const found = similarity(middleOf(block), middle);
      if (found < best) continue;
      best = found;
      const ends = [block[0] ?? '', block.at(-1) ?? ''];
      match = matchOf(search, start, end + 1, [wanted[0] ?? '', wanted.at(-1) ?? ''], ends);
    }
    if (match && match.start >= (matches.at(-1)?.end ?? 0)) matches.push(match);
  }
  return matches;
}

function middleOf(lines: readonly string[]): string {
  return lines
    .slice(1, -1)
    .map((line) => line.trim())
    .join('\n');
}
