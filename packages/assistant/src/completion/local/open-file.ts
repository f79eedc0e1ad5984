import { sharedStart } from '../shared-text.ts';
import { addCodeToken, addCodeTokens, gaps } from './code-tokens.ts';
import type { Language } from './languages.ts';
import { Lexer, tokenKinds } from './lexer.ts';
import { maxOrder } from './sorted-contexts.ts';
import type { Surroundings } from './surroundings.ts';
import { TokenChain } from './token-chain.ts';
import { specialTokens, type Vocabulary } from './vocabulary.ts';

/** Characters before the cursor that are learned from: the last ones, cut at a line. */
const maxPrefixCharacters = 512 * 1_024;

/** Characters behind the cursor that are learned from. */
const maxSuffixCharacters = 12 * 1_024;

/** Characters of the cursor's line beyond which there is nothing to suggest: it was not typed. */
const maxLineCharacters = 4000;

/** What is at the cursor. */
export interface Cursor {
  /** Tokens before it, the nearest first, without the one that is being typed. */
  readonly context: Int32Array;
  readonly contextLength: number;
  readonly surroundings: Surroundings;
  /** The token that is being typed, as far as it is: of a word, a number or a string. Else empty. */
  readonly partial: string;
  readonly isInString: boolean;
  /** The cursor's line, up to the cursor. */
  readonly line: string;
  /** What is typed between the last token and the cursor, or the partial token. */
  readonly gap: 'none' | 'blank' | 'newline';
}

/** The file that is written: its tokens before and behind the cursor, kept while they stay the same. */
export class OpenFile {
  readonly path: string;
  readonly language: Language;
  /** Of the text before the cursor, without a partial token. */
  readonly before: TokenChain;
  /** Of the lines below the cursor's. */
  behind: TokenChain;

  readonly #vocabulary: Vocabulary;
  readonly #open: () => Surroundings;
  /** What `before` was read from; a window of the prefix. */
  #text = '';
  #windowStart = 0;
  #behindText: string | undefined;
  /** Places behind newlines where reading can go on: in the text, and in `before`. */
  #offsets: number[] = [];
  #lengths: number[] = [];

  /** `open` gives the surroundings of a file's beginning. */
  constructor(path: string, language: Language, vocabulary: Vocabulary, open: () => Surroundings) {
    this.path = path;
    this.#open = open;
    this.before = new TokenChain(startedFile(open));
    this.behind = new TokenChain(open());
    this.language = language;
    this.#vocabulary = vocabulary;
  }

  get bytes(): number {
    const characters = this.#text.length + (this.#behindText?.length ?? 0);
    return this.before.bytes + this.behind.bytes + this.#offsets.length * 16 + characters * 2;
  }

  /** Reads what has changed; undefined where nothing can be suggested, as in a comment. */
  moveTo(prefix: string, suffix: string): Cursor | undefined {
    const lineStart = prefix.lastIndexOf('\n') + 1;
    if (prefix.length - lineStart > maxLineCharacters) return undefined;
    this.#readBehind(suffix);
    return this.#readBefore(this.#windowOf(prefix));
  }

  #readBehind(suffix: string): void {
    const lineEnd = suffix.indexOf('\n');
    const text = lineEnd < 0 ? '' : suffix.slice(lineEnd + 1, lineEnd + 1 + maxSuffixCharacters);
    if (text === this.#behindText) return;
    this.#behindText = text;
    this.behind = new TokenChain(this.#open());
    // It does not begin the file.
    this.behind.push(specialTokens.newline, gaps.none);
    addCodeTokens(this.behind, text, this.language, this.#vocabulary);
  }

  /** The end of the prefix; the start moves by half a window at a time, so that it seldom does. */
  #windowOf(prefix: string): string {
    const half = maxPrefixCharacters / 2;
    const rough = Math.max(0, Math.ceil(prefix.length / half) - 2) * half;
    const start = rough === 0 ? 0 : prefix.indexOf('\n', rough) + 1;
    if (start !== this.#windowStart) this.#restart();
    this.#windowStart = start;
    return start === 0 ? prefix : prefix.slice(start);
  }

  #restart(): void {
    this.#text = '';
    this.#offsets = [];
    this.#lengths = [];
    this.before.truncate(0);
  }

  #readBefore(text: string): Cursor | undefined {
    const kept = this.#keptLines(text);
    this.#offsets.length = kept;
    this.#lengths.length = kept;
    const from = kept > 0 ? (this.#offsets[kept - 1] as number) : 0;
    this.before.truncate(kept > 0 ? (this.#lengths[kept - 1] as number) : 0);
    this.#text = text;

    const { before } = this;
    const lexer = new Lexer(text, this.language, from);
    let gap: number = gaps.none;
    while (lexer.next()) {
      if (lexer.end === text.length) return this.#cursor(lexer, gap);
      gap = addCodeToken(before, text, lexer, this.#vocabulary, gap);
      if (lexer.kind !== tokenKinds.newline || !lexer.isAtRest) continue;
      this.#offsets.push(lexer.end);
      this.#lengths.push(before.length);
    }
    return this.#cursorBehind(gap);
  }

  /** How many of the lines' ends are still good. */
  #keptLines(text: string): number {
    const shared = sharedStart(text, this.#text);
    let low = 0;
    let high = this.#offsets.length;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#offsets[middle - 1] as number) <= shared) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The lexer stands at the last token. */
  #cursor(lexer: Lexer, gap: number): Cursor | undefined {
    const text = this.#text;
    const { isOpen, kind, start } = lexer;
    if (kind === tokenKinds.comment && isOpen) return undefined;
    const isString = kind === tokenKinds.string && isOpen;
    const isPartial = isString || kind === tokenKinds.number || kind === tokenKinds.word;
    if (isPartial) return this.#cursorBehind(gap, text.slice(start), isString);
    const next = addCodeToken(this.before, text, lexer, this.#vocabulary, gap);
    return this.#cursorBehind(next);
  }

  #cursorBehind(gap: number, partial = '', isInString = false): Cursor {
    const { before } = this;
    const context = new Int32Array(maxOrder + 1);
    let contextLength = 0;
    while (contextLength < maxOrder && contextLength < before.length) {
      context[contextLength] = before.id(before.length - 1 - contextLength);
      contextLength++;
    }
    if (contextLength < maxOrder) context[contextLength++] = specialTokens.fileStart;
    const line = this.#text.slice(this.#text.lastIndexOf('\n') + 1);
    const surroundings = before.surroundings.copy();
    return {
      context,
      contextLength,
      surroundings,
      partial,
      isInString,
      line,
      gap: this.#gapName(gap),
    };
  }

  #gapName(gap: number): Cursor['gap'] {
    const { last } = this.before;
    if (last === specialTokens.newline || last === specialTokens.fileStart) return 'newline';
    return gap === gaps.none ? 'none' : 'blank';
  }
}

/** As a learned file's, which begins with a mark. */
function startedFile(open: () => Surroundings): Surroundings {
  const surroundings = open();
  surroundings.push(specialTokens.fileStart);
  return surroundings;
}
