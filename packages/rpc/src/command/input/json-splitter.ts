import { RpcError } from '../../rpc-error.ts';

/** A JSON value in a text, not parsed yet. */
export interface JsonPiece {
  readonly text: string;
  /** Of its first character, from 1. */
  readonly line: number;
  readonly column: number;
}

/** The longest value, in UTF-16 units. A message of 4 MiB of bytes is shorter in base64. */
const maxJsonLength = 64 * 1024 * 1024;

/**
 * Finds the values in a text that comes in pieces: one behind the other, with or without white
 * space between them, as in NDJSON. An object, an array or a string ends with its last character;
 * a number or a word with what follows it. Each character is looked at once.
 */
export class JsonSplitter {
  /** What for errors: `standard input`. */
  readonly #source: string;
  readonly #maxLength: number;
  #state: 'between' | 'word' | 'string' | 'container' = 'between';
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** The value being read, as far as it came in earlier pieces. */
  #parts: string[] = [];
  #length = 0;
  #line = 1;
  #column = 1;
  #startLine = 1;
  #startColumn = 1;

  constructor(source: string, maxLength: number = maxJsonLength) {
    this.#source = source;
    this.#maxLength = maxLength;
  }

  /**
   * The values that end in this piece.
   * @throws RpcError invalid_argument for text that is no JSON, resource_exhausted for a value that
   *   is too long.
   */
  *push(piece: string): Generator<JsonPiece> {
    let start = 0;
    for (let i = 0; i < piece.length; i++) {
      const code = piece.charCodeAt(i);
      // A word ends before the character that follows it.
      if (this.#state === 'word' && endsWord(code)) yield this.#take(piece.slice(start, i));
      if (this.#state === 'between') {
        start = i;
        this.#begin(code, piece, i);
      } else if (this.#inString) this.#string(code);
      else if (this.#state === 'container') this.#container(code);
      this.#advance(code);
      if (this.#state === 'string' && !this.#inString) yield this.#take(piece.slice(start, i + 1));
      else if (this.#state === 'container' && this.#depth === 0) {
        yield this.#take(piece.slice(start, i + 1));
      }
    }
    if (this.#state !== 'between') this.#keep(piece.slice(start));
  }

  /**
   * The value that the end of the text ends.
   * @throws RpcError invalid_argument for a value that is not whole.
   */
  *end(): Generator<JsonPiece> {
    if (this.#state === 'between') return;
    if (this.#state === 'word') {
      yield this.#take('');
      return;
    }
    throw new RpcError(
      'invalid_argument',
      `${this.#source}: the value that begins at ${this.#startLine}:${this.#startColumn} has no end`,
    );
  }

  #begin(code: number, piece: string, at: number): void {
    if (isSpace(code)) return;
    this.#startLine = this.#line;
    this.#startColumn = this.#column;
    if (code === openBrace || code === openBracket) {
      this.#state = 'container';
      this.#depth = 1;
    } else if (code === quote) {
      this.#state = 'string';
      this.#inString = true;
    } else if (isWordStart(code)) this.#state = 'word';
    else {
      const shown = JSON.stringify(String.fromCodePoint(piece.codePointAt(at) ?? code));
      throw new RpcError(
        'invalid_argument',
        `${this.#source}:${this.#line}:${this.#column}: a JSON value was expected, not ${shown}`,
      );
    }
  }

  #string(code: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (code === backslash) this.#escaped = true;
    else if (code === quote) this.#inString = false;
  }

  #container(code: number): void {
    if (code === quote) this.#inString = true;
    else if (code === openBrace || code === openBracket) this.#depth++;
    else if (code === closeBrace || code === closeBracket) this.#depth--;
  }

  #advance(code: number): void {
    if (code === lineFeed) {
      this.#line++;
      this.#column = 1;
    } else this.#column++;
  }

  #keep(text: string): void {
    this.#length += text.length;
    if (this.#length > this.#maxLength) {
      throw new RpcError(
        'resource_exhausted',
        `${this.#source}: the value that begins at ${this.#startLine}:${this.#startColumn} is longer than ${this.#maxLength} characters`,
      );
    }
    this.#parts.push(text);
  }

  #take(last: string): JsonPiece {
    this.#keep(last);
    const text = this.#parts.join('');
    this.#parts = [];
    this.#length = 0;
    this.#state = 'between';
    return { text, line: this.#startLine, column: this.#startColumn };
  }
}

const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const quote = 0x22;
const backslash = 0x5c;
const lineFeed = 0x0a;

function isSpace(code: number): boolean {
  return code === 0x20 || code === lineFeed || code === 0x0d || code === 0x09;
}

function isWordStart(code: number): boolean {
  // "-", digits and small letters: numbers, true, false, null.
  return code === 0x2d || (code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x7a);
}

function endsWord(code: number): boolean {
  return isSpace(code) || code === openBrace || code === openBracket || code === quote;
}
