import type { SourceText } from './source-text.ts';
import { endOf, type Token } from './tokenizer.ts';

/** The comments between two tokens, by what they belong to. */
export interface Comments {
  /** Of what ends with the token before; empty without one. */
  readonly trailing: string;
  /** Apart from both by blank lines. */
  readonly detached: readonly string[];
  /** Of what begins with the token after; empty without one. */
  readonly leading: string;
}

/**
 * Deals the comments between two tokens out as `SourceCodeInfo` wants them; `previous` is
 * undefined at the start of a file.
 * Source: google/protobuf/descriptor.proto, SourceCodeInfo.Location.leading_comments
 */
export function commentsBetween(
  source: SourceText,
  previous: Token | undefined,
  next: Token,
): Comments {
  const gap = source.text.slice(previous === undefined ? 0 : endOf(previous), next.offset);
  if (!gap.includes('/')) return noComments;
  const dealer = new Dealer(previous !== undefined);
  const sharesLine = deal(gap, dealer) && previous !== undefined;
  if (endsScope(next)) dealer.flush();
  if (sharesLine && next.kind !== 'end') dealer.detachOnlyComment();
  return dealer.result();
}

export const noComments: Comments = { trailing: '', detached: [], leading: '' };

const piece = /\/\/[^\n]*\n?|\/\*[\s\S]*?\*\/|\n/g;

/** Whether the token after the gap shares a line with the one before, or with its comment's end. */
function deal(gap: string, dealer: Dealer): boolean {
  let line = 0;
  let trailingEnd = 0;
  let isEnded = false;
  for (const [text] of gap.matchAll(piece)) {
    const isFirstLine = line === 0 && !dealer.isFirstLineDone;
    if (text === '\n') {
      // The end of a block comment's line is not a blank line.
      if (!isEnded) dealer.blankLine(isFirstLine);
      isEnded = false;
    } else {
      dealer.add(text);
      isEnded = text.startsWith('/*');
      if (isFirstLine) trailingEnd = line + (isEnded ? newLines(text) : 0);
      if (isFirstLine) isEnded = dealer.endFirstLine();
    }
    line += newLines(text);
  }
  return line === 0 || line === trailingEnd;
}

function newLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}

/** Before a closing bracket nothing leads to what comes next. */
function endsScope(next: Token): boolean {
  return next.kind === 'end' || next.text === '}' || next.text === ']' || next.text === ')';
}

/** Holds the last comment back until it is known what it belongs to. */
class Dealer {
  #trailing: string | undefined;
  readonly #detached: string[] = [];
  #held: string | undefined;
  #holdsLines = false;
  #canTrail: boolean;
  #count = 0;
  /** Nothing of the line of the token before is left. */
  isFirstLineDone: boolean;

  constructor(hasPrevious: boolean) {
    this.#canTrail = hasPrevious;
    this.isFirstLineDone = !hasPrevious;
  }

  /** Adjacent line comments are one; a block stands alone. */
  add(text: string): void {
    const isLine = text.startsWith('//');
    if (!isLine || !this.#holdsLines) this.flush();
    this.#held = (this.#held ?? '') + bodyOf(text);
    this.#holdsLines = isLine;
  }

  flush(): void {
    if (this.#held === undefined) return;
    if (this.#canTrail) this.#trailing = this.#held;
    else this.#detached.push(this.#held);
    this.#canTrail = false;
    this.#held = undefined;
    this.#count++;
  }

  /** What stands on the line of the token before is a comment of its own. */
  endFirstLine(): false {
    this.flush();
    this.isFirstLineDone = true;
    return false;
  }

  blankLine(isFirstLine: boolean): void {
    this.isFirstLineDone = true;
    if (isFirstLine) return;
    this.flush();
    this.#canTrail = false;
  }

  /** The only comment between two tokens on one line may belong to either, so to neither. */
  detachOnlyComment(): void {
    if (this.#count + (this.#held === undefined ? 0 : 1) !== 1) return;
    if (this.#trailing !== undefined) this.#detached.unshift(this.#trailing);
    this.#trailing = undefined;
    this.flush();
  }

  result(): Comments {
    return {
      trailing: this.#trailing ?? '',
      detached: this.#detached,
      leading: this.#held ?? '',
    };
  }
}

/** Without its marks, and without the asterisk that the further lines of a block begin with. */
function bodyOf(comment: string): string {
  if (comment.startsWith('//')) return comment.slice(2);
  return comment.slice(2, -2).replace(/\n[ \t\r\v\f]*\*?/g, '\n');
}
