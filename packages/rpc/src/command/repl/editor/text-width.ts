const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** A character as a reader sees it, and how many cells of a terminal it takes. */
export interface Grapheme {
  readonly text: string;
  readonly width: number;
}

/** The graphemes of a text, in order. */
export function* graphemesOf(text: string): Generator<Grapheme> {
  if (/^[ -~]*$/.test(text)) {
    for (const character of text) yield { text: character, width: 1 };
    return;
  }
  for (const { segment } of segmenter.segment(text)) {
    yield { text: segment, width: graphemeWidth(segment) };
  }
}

/** The cells that a text without line breaks takes. */
export function textWidth(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  let width = 0;
  for (const grapheme of graphemesOf(text)) width += grapheme.width;
  return width;
}

/** The offset where the grapheme after `offset` begins, and the one before it. */
export function nextOffset(text: string, offset: number): number {
  if (offset >= text.length) return text.length;
  const part = text.slice(offset, offset + lookAhead);
  const [first] = segmenter.segment(part);
  return offset + (first?.segment.length ?? 1);
}

export function previousOffset(text: string, offset: number): number {
  if (offset <= 0) return 0;
  const begin = Math.max(0, offset - lookAhead);
  let last = begin;
  for (const { index } of segmenter.segment(text.slice(begin, offset))) last = begin + index;
  return last;
}

/** No grapheme that means anything is longer, in UTF-16 units. */
const lookAhead = 64;

/** Without width of their own: marks, joiners, selectors, controls. */
const zeroWidth = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}]/u;
const emoji = /\p{Emoji_Presentation}|\p{Emoji}\uFE0F/u;

function graphemeWidth(grapheme: string): number {
  const code = grapheme.codePointAt(0) ?? 0;
  if (zeroWidth.test(grapheme)) return 0;
  return isWide(code) || emoji.test(grapheme) ? 2 : 1;
}

/** East Asian Wide and Fullwidth (UAX #11), in the blocks where they are. */
function isWide(code: number): boolean {
  if (code < 0x1100) return false;
  return wideRanges.some(([first, last]) => code >= first && code <= last);
}

const wideRanges: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1b000, 0x1b2ff],
  [0x1f200, 0x1f2ff],
  [0x20000, 0x3fffd],
];
