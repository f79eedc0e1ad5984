import { Lexer, languageOf, tokenKinds } from '@zeke/assistant/completion/local';
import type { Question } from './contender.ts';

/** A place where somebody asks, and what was really written there. */
export interface Place extends Question {
  /**
   * `next`: all before a token is typed, blanks too. `typed`: as an editor asks, behind the last token or
   * at the start of a line. `started`: two characters of a word are typed, which has four or more.
   */
  readonly kind: 'next' | 'typed' | 'started';
  /** What follows, as it was written. */
  readonly truth: string;
  /** The first token of it, or the rest of the one begun. */
  readonly token: string;
  readonly isWord: boolean;
  /** Whether a token ends so many characters further. */
  readonly endsAt: (characters: number) => boolean;
}

/** Characters of what follows that are kept to compare with. */
const truthCharacters = 400;

/** The places of a text from `from` to `to`, in the order of writing; `suffixAt` says what follows one. */
export function* placesOf(
  path: string,
  text: string,
  from = 0,
  to = text.length,
  suffix = '',
): Generator<Place> {
  const tokens = tokensOf(path, text);
  const ends = new Set(tokens.map(({ end }) => end));
  const place = (kind: Place['kind'], at: number, end: number, isWord: boolean): Place => ({
    kind,
    path,
    prefix: text.slice(0, at),
    suffix,
    truth: text.slice(at, Math.min(to, at + truthCharacters)),
    token: text.slice(at, end),
    isWord,
    endsAt: (characters) => ends.has(at + characters),
  });
  let previousEnd = 0;
  for (const { end, kind, start } of tokens) {
    if (start >= to) return;
    if (kind !== tokenKinds.comment && start >= from) {
      const isWord = kind === tokenKinds.word;
      const isNewLine = text.slice(previousEnd, start).includes('\n');
      yield place('typed', previousEnd, end, isWord);
      if (isNewLine) yield place('typed', start, end, isWord);
      yield place('next', start, end, isWord);
      if (isWord && end - start >= 4) yield place('started', start + 2, end, true);
    }
    previousEnd = end;
  }
}

interface Token {
  readonly kind: number;
  readonly start: number;
  readonly end: number;
}

/** Without blanks and newlines. */
function tokensOf(path: string, text: string): Token[] {
  const language = languageOf(path);
  if (language === undefined) throw new Error(`${path}: no language is known for it`);
  const lexer = new Lexer(text, language);
  const found: Token[] = [];
  while (lexer.next()) {
    const { end, kind, start } = lexer;
    if (kind !== tokenKinds.blank && kind !== tokenKinds.newline) found.push({ end, kind, start });
  }
  return found;
}
