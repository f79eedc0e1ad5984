import { isWordAt, Lexer, tokenKinds } from './lexer.ts';
import type { Cursor, OpenFile } from './open-file.ts';

/** What follows the cursor, and must not come twice. */
export interface AfterCursor {
  /** The first token of the rest of the line, or empty. */
  readonly token: string;
  /** A word would run into it. */
  readonly isWord: boolean;
  /** The quote that closes the string the cursor is in. */
  readonly quote: string;
  /** The next line that is not blank, without its indentation. */
  readonly nextLine: string;
}

/** Characters behind the cursor that are looked at, and of the next line. */
const maxAfterCharacters = 1000;

/** Undefined where the cursor stands within a token. */
export function readAfterCursor(
  cursor: Cursor,
  file: OpenFile,
  suffix: string,
): AfterCursor | undefined {
  const lineEnd = suffix.indexOf('\n');
  const line = suffix.slice(
    0,
    lineEnd < 0 ? maxAfterCharacters : Math.min(lineEnd, maxAfterCharacters),
  );
  const nextLine = lineEnd < 0 ? '' : firstLine(suffix, lineEnd + 1);
  const isWord = isWordAt(line, 0, file.language);
  if (cursor.isInString) {
    const isEnd = line.trim() === '';
    const quote = isEnd ? '' : line.charAt(0);
    if (!isEnd && (isWord || !openingOf(cursor.partial).includes(quote))) return undefined;
    return { token: '', isWord: false, quote, nextLine };
  }
  if (cursor.partial !== '' && isWord) return undefined;
  const rest = line.trimStart();
  const lexer = new Lexer(rest, file.language);
  const isCode = lexer.next() && lexer.kind !== tokenKinds.comment;
  const token = isCode ? rest.slice(lexer.start, lexer.end) : '';
  return { token, isWord, quote: '', nextLine };
}

/** A string's beginning up to its quotes: `f"`. */
function openingOf(partial: string): string {
  return /^[^'"`]*['"`]+/.exec(partial)?.[0] ?? '';
}

function firstLine(suffix: string, from: number): string {
  const below = suffix.slice(from, from + maxAfterCharacters).trimStart();
  return below.split(/\r?\n/, 1)[0]?.trimEnd() ?? '';
}
