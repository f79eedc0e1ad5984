import { BytePairMerge } from './byte-pair-merge.ts';
import type { TimeSlice } from './time-slice.ts';
import type { Vocabulary } from './vocabulary.ts';

/** A longer piece is cut: no word is, and to merge this much takes a millisecond. */
const maxPieceChars = 4_096;
const maxBytesPerChar = 3;
/** How often the clock is read. */
const charsBetweenClocks = 1_024;

const upper = String.raw`[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`;
const lower = String.raw`[\p{Ll}\p{Lm}\p{Lo}\p{M}]`;
const contraction = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?";
/** Blanks are Unicode's, as in `tiktoken`: JavaScript's `\s` has U+FEFF, and lacks U+0085. */
const blank = String.raw`\p{White_Space}`;
/** The pattern of `o200k_base` in `tiktoken_ext/openai_public.py`: one piece after the other. */
const pattern = [
  String.raw`[^\r\n\p{L}\p{N}]?${upper}*${lower}+${contraction}`,
  String.raw`[^\r\n\p{L}\p{N}]?${upper}+${lower}*${contraction}`,
  String.raw`\p{N}{1,3}`,
  String.raw` ?[^${blank}\p{L}\p{N}]+[\r\n/]*`,
  String.raw`${blank}*[\r\n]+`,
  String.raw`${blank}+(?!\P{White_Space})`,
  `${blank}+`,
].join('|');

/** A text that is being counted. */
export interface TextCount {
  readonly text: string;
  /** Of what was counted so far. */
  tokens: number;
  /** In characters: what was counted so far, and where the piece ends that it stopped in. */
  at: number;
  pieceEnd: number;
}

/**
 * Counts tokens as OpenAI's `tiktoken` does with `encode_ordinary`: special tokens in a text are
 * text. Only pieces of more than 4,096 letters, blanks or signs in a row are cut, which may make
 * another token of one.
 */
export class Tokenizer {
  readonly #vocabulary: Vocabulary;
  readonly #merge: BytePairMerge;
  readonly #pieces = new RegExp(pattern, 'gu');
  readonly #encoder = new TextEncoder();
  /** The piece at hand in UTF-8. */
  readonly #bytes = new Uint8Array(maxPieceChars * maxBytesPerChar);

  /** The vocabulary is one of `o200k_base`. */
  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
    this.#merge = new BytePairMerge(vocabulary);
  }

  /** Counts on, to the end of the text or of the slice. */
  advance(count: TextCount, slice: TimeSlice): void {
    const { text } = count;
    let clockAt = count.at + charsBetweenClocks;
    while (count.at < text.length) {
      if (count.at >= count.pieceEnd) count.pieceEnd = this.#pieceEnd(text, count.at);
      const end = cut(text, count.at, count.pieceEnd);
      count.tokens += this.#countPiece(text, count.at, end);
      count.at = end;
      if (end < clockAt) continue;
      if (slice.isOver) return;
      clockAt = end + charsBetweenClocks;
    }
  }

  /** The pattern leaves nothing out, so that a piece starts where the one before ends. */
  #pieceEnd(text: string, start: number): number {
    this.#pieces.lastIndex = start;
    return this.#pieces.test(text) ? this.#pieces.lastIndex : text.length;
  }

  #countPiece(text: string, start: number, end: number): number {
    const length = this.#encode(text, start, end);
    if (this.#vocabulary.rankOf(this.#bytes, 0, length) >= 0) return 1;
    return this.#merge.count(this.#bytes, length);
  }

  #encode(text: string, start: number, end: number): number {
    for (let at = start; at < end; at++) {
      const code = text.charCodeAt(at);
      if (code > 0x7f) return this.#encoder.encodeInto(text.slice(start, end), this.#bytes).written;
      this.#bytes[at - start] = code;
    }
    return end - start;
  }
}

/** Where a piece ends that may be too long; never between the two halves of a character. */
function cut(text: string, start: number, end: number): number {
  if (end - start <= maxPieceChars) return end;
  const last = text.charCodeAt(start + maxPieceChars - 1);
  return start + maxPieceChars - (last >= 0xd800 && last < 0xdc00 ? 1 : 0);
}
