import { type Place, type SourceText, TooManyProblems } from './source-text.ts';

type TokenKind = 'identifier' | 'integer' | 'float' | 'string' | 'symbol' | 'end';

/** One token of a `.proto` source; none spans two lines. */
export interface Token extends Place {
  readonly kind: TokenKind;
  /** As it stands in the source, a string with its quotes. Empty at the end. */
  readonly text: string;
  /** From 0. */
  readonly line: number;
  /**
   * From 0, counted as protoc does for `SourceCodeInfo`: bytes of UTF-8, and a tab goes on to the
   * next multiple of 8.
   */
  readonly column: number;
  readonly endColumn: number;
}

/**
 * Splits a source into tokens, the last of kind `end`. What is no token is reported and left out;
 * a malformed number is reported and kept, so that the parser can go on. Of a source with too many
 * problems it gives those up to where the last was found.
 * Source: https://protobuf.com/docs/language-spec#lexical-elements
 */
export function tokenize(source: SourceText): Token[] {
  return new Tokenizer(source).run();
}

const tab = 9;
const newline = 10;

class Tokenizer {
  readonly #source: SourceText;
  readonly #text: string;
  readonly #tokens: Token[] = [];
  #at = 0;
  #line = 0;
  #column = 0;

  constructor(source: SourceText) {
    this.#source = source;
    this.#text = source.text;
  }

  run(): Token[] {
    try {
      this.#scan();
    } catch (error) {
      if (!(error instanceof TooManyProblems)) throw error;
    }
    const { offset, line, column } = { offset: this.#at, line: this.#line, column: this.#column };
    this.#tokens.push({ kind: 'end', text: '', offset, line, column, endColumn: column });
    return this.#tokens;
  }

  #scan(): void {
    if (this.#text.charCodeAt(0) === 0xfeff) this.#at = 1;
    while (this.#at < this.#text.length) this.#next(this.#text.charCodeAt(this.#at));
  }

  #next(code: number): void {
    const character = this.#text[this.#at] ?? '';
    if (isSpace(code)) this.#skipTo(this.#at + 1);
    else if (isLetter(code)) this.#push('identifier', matchEnd(identifier, this.#text, this.#at));
    else if (isDigit(code) || this.#isDecimalPoint(character)) this.#number();
    else if (character === '"' || character === "'") this.#string(character);
    else if (this.#text.startsWith('//', this.#at)) this.#skipTo(this.#endOfLine());
    else if (this.#text.startsWith('/*', this.#at)) this.#block();
    else if (symbols.includes(character)) this.#push('symbol', this.#at + 1);
    else this.#unknown();
  }

  #isDecimalPoint(character: string): boolean {
    return character === '.' && isDigit(this.#text.charCodeAt(this.#at + 1));
  }

  #endOfLine(): number {
    const end = this.#text.indexOf('\n', this.#at);
    return end < 0 ? this.#text.length : end;
  }

  #push(kind: TokenKind, end: number): void {
    const { line, column } = { line: this.#line, column: this.#column };
    const offset = this.#at;
    this.#skipTo(end);
    const text = this.#text.slice(offset, end);
    this.#tokens.push({ kind, text, offset, line, column, endColumn: this.#column });
  }

  #skipTo(end: number): void {
    for (; this.#at < end; this.#at++) {
      const code = this.#text.charCodeAt(this.#at);
      if (code === newline) {
        this.#line++;
        this.#column = 0;
      } else if (code === tab) {
        this.#column += 8 - (this.#column % 8);
      } else {
        this.#column += utf8Length(code);
      }
    }
  }

  #block(): void {
    const end = this.#text.indexOf('*/', this.#at + 2);
    if (end < 0) this.#report(this.#at, 'this comment has no end; close it with "*/"');
    const inner = this.#text.slice(this.#at + 2, Math.max(end, 0)).indexOf('/*');
    if (inner >= 0) {
      this.#report(
        this.#at + 2 + inner,
        '"/*" within a block comment; write it apart, as comments do not nest',
      );
    }
    this.#skipTo(end < 0 ? this.#text.length : end + 2);
  }

  #number(): void {
    const start = this.#at;
    const isFloat = matchEnd(float, this.#text, start) > start;
    const end = matchEnd(isFloat ? float : integer, this.#text, start);
    const rest = matchEnd(numberRest, this.#text, end);
    if (rest > end) {
      const text = this.#text.slice(start, rest);
      this.#report(start, `${text} is not a number: write a decimal, 0x… or 0… number`);
    }
    this.#push(isFloat ? 'float' : 'integer', rest);
  }

  #string(quote: string): void {
    const end = this.#stringEnd(quote);
    if (end !== undefined) {
      this.#push('string', end);
      return;
    }
    this.#report(this.#at, `this string has no end; close it with ${quote} on the same line`);
    this.#skipTo(this.#endOfLine());
  }

  #stringEnd(quote: string): number | undefined {
    for (let at = this.#at + 1; at < this.#text.length; at++) {
      const character = this.#text[at];
      if (character === '\n') return undefined;
      if (character === quote) return at + 1;
      if (character === '\\' && this.#text[at + 1] !== '\n') at++;
    }
    return undefined;
  }

  #unknown(): void {
    const code = this.#text.codePointAt(this.#at) ?? 0;
    const name = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
    const shown = code > 0x20 && code !== 0x7f ? `"${String.fromCodePoint(code)}" (${name})` : name;
    this.#report(
      this.#at,
      `unexpected character ${shown}; outside strings and comments only ASCII is allowed, ` +
        'and of its signs only those of the language',
    );
    this.#skipTo(this.#at + (code > 0xffff ? 2 : 1));
  }

  #report(offset: number, message: string): void {
    this.#source.report({ offset }, message);
  }
}

/** The offset behind a token. */
export function endOf(token: Token): number {
  return token.offset + token.text.length;
}

const symbols = ';{}[]()<>=,.:-+/';
const identifier = /[A-Za-z_][A-Za-z0-9_]*/y;
const float =
  /(?:[0-9]+\.[0-9]*(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?)/y;
const integer = /0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*/y;
const numberRest = /[A-Za-z0-9_.]*/y;

/** Where a match of the sticky expression that begins at `start` ends; `start` without one. */
function matchEnd(expression: RegExp, text: string, start: number): number {
  expression.lastIndex = start;
  return expression.test(text) ? expression.lastIndex : start;
}

/** The whitespace of the language: space, tab, new line, vertical tab, form feed, carriage return. */
function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function isLetter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95;
}

/** Of one UTF-16 code unit: the whole of a pair counts for its first half. */
function utf8Length(code: number): number {
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  if (code >= 0xd800 && code < 0xdc00) return 4;
  return code >= 0xdc00 && code < 0xe000 ? 0 : 3;
}
