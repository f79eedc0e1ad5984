import { nextOffset, previousOffset, textWidth } from './text-width.ts';

/*
 * Where a motion leads, as an offset. A word is one of letters, digits and `_` for emacs; vi knows
 * words of other characters besides, and WORDS of all but blanks.
 */

export function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

/** Before the line break. */
export function lineEnd(text: string, offset: number): number {
  const end = text.indexOf('\n', offset);
  return end === -1 ? text.length : end;
}

/** The first character of the line that is no blank. */
export function firstNonBlank(text: string, offset: number): number {
  const start = lineStart(text, offset);
  const blanks = /^[ \t]*/.exec(text.slice(start, lineEnd(text, offset)))?.[0].length ?? 0;
  return start + blanks;
}

/** The same column in the line above; undefined in the first line. */
export function lineUp(text: string, offset: number): number | undefined {
  const start = lineStart(text, offset);
  if (start === 0) return undefined;
  return atColumn(text, lineStart(text, start - 1), textWidth(text.slice(start, offset)));
}

/** The same column in the line below; undefined in the last line. */
export function lineDown(text: string, offset: number): number | undefined {
  const end = lineEnd(text, offset);
  if (end === text.length) return undefined;
  return atColumn(text, end + 1, textWidth(text.slice(lineStart(text, offset), offset)));
}

function atColumn(text: string, start: number, column: number): number {
  const end = lineEnd(text, start);
  let offset = start;
  while (offset < end && textWidth(text.slice(start, offset)) < column) {
    offset = nextOffset(text, offset);
  }
  return offset;
}

/** Behind the end of the word at or after the offset. */
export function wordRight(text: string, offset: number): number {
  const [skipped = ''] = /^[^\p{L}\p{N}_]*[\p{L}\p{N}_]*/u.exec(text.slice(offset)) ?? [];
  return offset + skipped.length;
}

/** The beginning of the word at or before the offset. */
export function wordLeft(text: string, offset: number): number {
  const [skipped = ''] = /[\p{L}\p{N}_]*[^\p{L}\p{N}_]*$/u.exec(text.slice(0, offset)) ?? [];
  return offset - skipped.length;
}

/** The kind of a character for vi's words. */
function kindOf(character: string | undefined, isBig: boolean): 'blank' | 'word' | 'other' {
  if (character === undefined || /\s/.test(character)) return 'blank';
  return isBig || /[\p{L}\p{N}_]/u.test(character) ? 'word' : 'other';
}

/** vi's `w` and `W`: the beginning of the next word. */
export function viWordForward(text: string, offset: number, isBig: boolean): number {
  const kind = kindOf(text[offset], isBig);
  let at = offset;
  if (kind !== 'blank') while (at < text.length && kindOf(text[at], isBig) === kind) at++;
  while (at < text.length && kindOf(text[at], isBig) === 'blank') at++;
  return at;
}

/** vi's `b` and `B`: the beginning of the word before. */
export function viWordBack(text: string, offset: number, isBig: boolean): number {
  let at = offset;
  while (at > 0 && kindOf(text[at - 1], isBig) === 'blank') at--;
  const kind = kindOf(text[at - 1], isBig);
  while (at > 0 && kindOf(text[at - 1], isBig) === kind) at--;
  return at;
}

/** vi's `e` and `E`: the last character of the word. */
export function viWordEnd(text: string, offset: number, isBig: boolean): number {
  let at = offset + 1;
  while (at < text.length && kindOf(text[at], isBig) === 'blank') at++;
  const kind = kindOf(text[at], isBig);
  while (at + 1 < text.length && kindOf(text[at + 1], isBig) === kind) at++;
  return Math.min(at, Math.max(0, text.length - 1));
}

/** The offset of a character in the line, searched to the right or to the left; undefined: none. */
export function findInLine(
  text: string,
  offset: number,
  { character, backward, till }: FindInLine,
): number | undefined {
  if (backward) {
    const found = text.lastIndexOf(character, previousOffset(text, offset));
    if (offset === 0 || found < lineStart(text, offset)) return undefined;
    return till ? nextOffset(text, found) : found;
  }
  const found = text.indexOf(character, nextOffset(text, offset));
  if (found === -1 || found >= lineEnd(text, offset)) return undefined;
  return till ? previousOffset(text, found) : found;
}

/** vi's `f`, `F`, `t` and `T`. */
export interface FindInLine {
  readonly character: string;
  readonly backward: boolean;
  /** Stop before it. */
  readonly till: boolean;
}

const pairs: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** The bracket that belongs to the first one at or after the offset in its line; undefined: none. */
export function matchingBracket(text: string, offset: number): number | undefined {
  const end = lineEnd(text, offset);
  let at = offset;
  while (at < end && !/[()[\]{}]/.test(text[at] ?? '')) at++;
  const bracket = text[at];
  if (at === end || bracket === undefined) return undefined;
  const isOpening = bracket in pairs;
  const partner =
    pairs[bracket] ?? Object.keys(pairs).find((opening) => pairs[opening] === bracket);
  let depth = 0;
  for (let i = at; i >= 0 && i < text.length; i += isOpening ? 1 : -1) {
    if (text[i] === bracket) depth++;
    else if (text[i] === partner) depth--;
    if (depth === 0) return i;
  }
  return undefined;
}

/** From and to, the end not included. */
export type TextRange = readonly [from: number, to: number];

/** The innermost pair of these brackets around the offset; undefined: none. */
export function bracketsAround(
  text: string,
  offset: number,
  [opening, closing]: readonly [string, string],
  isInner: boolean,
): TextRange | undefined {
  let depth = text[offset] === closing ? -1 : 0;
  for (let from = Math.min(offset, text.length - 1); from >= 0; from--) {
    if (text[from] === closing) depth++;
    else if (text[from] === opening && depth-- === 0) {
      const to = matchingBracket(text, from);
      if (to === undefined || to < offset) return undefined;
      return isInner ? [from + 1, to] : [from, to + 1];
    }
  }
  return undefined;
}

/** The text in quotes at the offset, or the next one of the line; undefined: none. */
export function quotesAround(
  text: string,
  offset: number,
  quote: string,
  isInner: boolean,
): TextRange | undefined {
  const start = lineStart(text, offset);
  const line = text.slice(start, lineEnd(text, offset));
  const pattern = new RegExp(`${quote}(?:[^${quote}\\\\]|\\\\.)*${quote}`, 'g');
  for (const found of line.matchAll(pattern)) {
    const from = start + found.index;
    const to = from + found[0].length;
    if (to > offset) return isInner ? [from + 1, to - 1] : [from, to];
  }
  return undefined;
}

/** vi's `iw` and `aw`. */
export function wordAround(
  text: string,
  offset: number,
  isBig: boolean,
  isInner: boolean,
): TextRange {
  const kind = kindOf(text[offset], isBig);
  let from = offset;
  let to = offset;
  while (from > 0 && kindOf(text[from - 1], isBig) === kind) from--;
  while (to < text.length && kindOf(text[to], isBig) === kind) to++;
  if (isInner) return [from, to];
  while (to < text.length && /[ \t]/.test(text[to] ?? '')) to++;
  return [from, to];
}
