import type { Language } from './languages.ts';
import { Lexer, tokenKinds } from './lexer.ts';
import { specialTokens, type Vocabulary } from './vocabulary.ts';

/** What stands before a token on its line. */
export const gaps = { none: 0, blank: 1 } as const;

/** Takes tokens as the model sees them. */
export interface TokenSink {
  /** The token pushed last; `fileStart` where there is none. */
  readonly last: number;
  push(id: number, gap: number): void;
}

/**
 * Text as the model sees it: ids of words, numbers, strings, signs and newlines. Comments are left out,
 * with the newline behind one that had its line alone, and several newlines are one: so that code means
 * the same to the model however it is commented.
 */
export class CodeTokens implements TokenSink {
  ids: Int32Array;
  gaps: Uint8Array;
  length = 0;

  constructor(capacity = 1 << 10) {
    this.ids = new Int32Array(capacity);
    this.gaps = new Uint8Array(capacity);
  }

  get last(): number {
    return this.length > 0 ? (this.ids[this.length - 1] as number) : specialTokens.fileStart;
  }

  push(id: number, gap: number): void {
    if (this.length === this.ids.length) this.#grow();
    this.ids[this.length] = id;
    this.gaps[this.length++] = gap;
  }

  #grow(): void {
    const { gaps: oldGaps, ids } = this;
    this.ids = new Int32Array(ids.length * 2);
    this.ids.set(ids);
    this.gaps = new Uint8Array(ids.length * 2);
    this.gaps.set(oldGaps);
  }
}

/** Adds a whole text's tokens to `into`. */
export function addCodeTokens(
  into: TokenSink,
  text: string,
  language: Language,
  vocabulary: Vocabulary,
): void {
  const lexer = new Lexer(text, language);
  let gap: number = gaps.none;
  while (lexer.next()) gap = addCodeToken(into, text, lexer, vocabulary, gap);
}

/** Adds the token that a lexer stands at, which `gap` was before; gives what is before the next one. */
export function addCodeToken(
  into: TokenSink,
  text: string,
  { end, kind, start }: Lexer,
  vocabulary: Vocabulary,
  gap: number,
): number {
  if (kind === tokenKinds.blank) return gaps.blank;
  if (kind === tokenKinds.comment) return gap;
  if (kind !== tokenKinds.newline) into.push(vocabulary.intern(text, start, end), gap);
  else if (into.last !== specialTokens.newline && into.last !== specialTokens.fileStart) {
    into.push(specialTokens.newline, gaps.none);
  }
  return gaps.none;
}
