import type { JsonValue } from '../codec/json-value.ts';
import { RpcError } from '../rpc-error.ts';

export interface IncrementalJsonOptions {
  /** Of the whole text, in UTF-16 units. Default 4 Mi. */
  readonly maxLength?: number;
  /** Default 100. */
  readonly maxDepth?: number;
  /**
   * Called when a value is complete, the inner before the outer: its path of names and indexes, ''
   * for none, and the value.
   */
  readonly onValue?: (path: readonly (string | number)[], value: JsonValue) => void;
}

type Container = JsonValue[] | { [name: string]: JsonValue };

/** What the next character may be, besides white space. */
type Expected = 'value' | 'first-item' | 'first-name' | 'name' | 'colon' | 'comma' | 'end';

const numberCharacters = /[-+0-9.eE]/;
const jsonNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/;

/**
 * Reads a JSON text that comes in pieces, such as the arguments of a tool call that a model is still
 * writing. `value` is at any time what the text has said so far: strings as far as they have come,
 * containers with what is in them; numbers and the words `true`, `false`, `null` only when they are
 * complete. Each character is looked at once.
 *
 * Source: RFC 8259. Of a name that comes twice the last value counts.
 */
export class IncrementalJson {
  readonly #options: IncrementalJsonOptions;
  readonly #stack: Container[] = [];
  readonly #path: (string | number)[] = [];
  #root: JsonValue | undefined;
  #expected: Expected = 'value';
  /** The string that is being read, its escape sequence, and whether it is a member's name. */
  #string: string | undefined;
  #escape = '';
  #isName = false;
  /** The number or word that is being read. */
  #bare = '';
  #length = 0;

  constructor(options: IncrementalJsonOptions = {}) {
    this.#options = options;
  }

  /** The value so far; undefined before its first character. */
  get value(): JsonValue | undefined {
    return this.#root;
  }

  get isComplete(): boolean {
    return this.#expected === 'end' && this.#bare === '' && this.#string === undefined;
  }

  /**
   * Goes on with this piece.
   * @throws RpcError invalid_argument that names the place, for what is no JSON;
   * resource_exhausted beyond a limit. After that the reader is of no use.
   */
  push(piece: string): void {
    this.#length += piece.length;
    const maxLength = this.#options.maxLength ?? 4 * 1024 * 1024;
    if (this.#length > maxLength) {
      throw new RpcError('resource_exhausted', `the JSON text is longer than ${maxLength}`);
    }
    let at = 0;
    while (at < piece.length) at = this.#step(piece, at);
    if (this.#string !== undefined && !this.#isName) this.#set(this.#string);
  }

  /**
   * The text is over.
   * @throws RpcError invalid_argument when the value is not.
   */
  end(): JsonValue {
    if (this.#bare !== '') this.#finishBare();
    if (this.#expected !== 'end' || this.#string !== undefined || this.#root === undefined) {
      throw new RpcError('invalid_argument', `the JSON text ends too early, in ${this.#place()}`);
    }
    return this.#root;
  }

  #step(piece: string, at: number): number {
    if (this.#string !== undefined) return this.#inString(piece, at);
    const character = piece[at] as string;
    if (this.#bare !== '') {
      if (/[-+.\w]/.test(character)) {
        this.#bare += character;
        if (this.#bare.length > 400) throw this.#unexpected(character);
        return at + 1;
      }
      this.#finishBare();
    }
    if (/[ \t\n\r]/.test(character)) return at + 1;
    this.#structure(character);
    return at + 1;
  }

  #structure(character: string): void {
    const expected = this.#expected;
    if (expected === 'value' || expected === 'first-item') {
      if (character === ']' && expected === 'first-item') this.#close();
      else this.#beginValue(character);
    } else if (expected === 'first-name' || expected === 'name') {
      if (character === '}' && expected === 'first-name') this.#close();
      else if (character === '"') this.#beginString(true);
      else throw this.#unexpected(character);
    } else if (expected === 'colon' && character === ':') this.#expected = 'value';
    else if (expected === 'comma') this.#afterValue(character);
    else throw this.#unexpected(character);
  }

  #beginValue(character: string): void {
    this.#enterItem();
    if (character === '{') this.#open({}, 'first-name');
    else if (character === '[') this.#open([], 'first-item');
    else if (character === '"') this.#beginString(false);
    else if (numberCharacters.test(character) || /[tfn]/.test(character)) this.#bare = character;
    else throw this.#unexpected(character);
  }

  /** An item of a list gets its place in the path when it begins; a member has its name there. */
  #enterItem(): void {
    const parent = this.#stack.at(-1);
    if (Array.isArray(parent)) this.#path.push(parent.length);
  }

  #open(container: Container, expected: Expected): void {
    const maxDepth = this.#options.maxDepth ?? 100;
    if (this.#stack.length >= maxDepth) {
      throw new RpcError('resource_exhausted', `the JSON text is nested deeper than ${maxDepth}`);
    }
    this.#set(container);
    this.#stack.push(container);
    this.#expected = expected;
  }

  #close(): void {
    const container = this.#stack.pop() as Container;
    this.#complete(container);
  }

  #afterValue(character: string): void {
    const isList = Array.isArray(this.#stack.at(-1));
    if (character === ',') this.#expected = isList ? 'value' : 'name';
    else if (character === (isList ? ']' : '}')) this.#close();
    else throw this.#unexpected(character);
  }

  #beginString(isName: boolean): void {
    this.#string = '';
    this.#isName = isName;
    if (!isName) this.#set('');
  }

  #inString(piece: string, start: number): number {
    if (this.#escape !== '') return this.#inEscape(piece, start);
    let at = start;
    while (at < piece.length) {
      const unit = piece.charCodeAt(at);
      if (unit === 0x22 || unit === 0x5c) break;
      if (unit < 0x20) throw this.#unexpected(piece[at] as string);
      at++;
    }
    this.#string += piece.slice(start, at);
    if (at === piece.length) return at;
    if (piece[at] === '\\') this.#escape = '\\';
    else this.#finishString();
    return at + 1;
  }

  #inEscape(piece: string, at: number): number {
    this.#escape += piece[at];
    const kind = this.#escape[1] as string;
    if (kind === 'u') {
      if (this.#escape.length < 6) return at + 1;
      if (!/^\\u[0-9a-fA-F]{4}$/.test(this.#escape)) throw this.#unexpected(this.#escape);
      this.#string += String.fromCharCode(Number.parseInt(this.#escape.slice(2), 16));
    } else {
      const meaning = escapes.get(kind);
      if (meaning === undefined) throw this.#unexpected(this.#escape);
      this.#string += meaning;
    }
    this.#escape = '';
    return at + 1;
  }

  #finishString(): void {
    const text = this.#string as string;
    this.#string = undefined;
    if (this.#isName) {
      this.#path.push(text);
      this.#expected = 'colon';
    } else {
      this.#set(text);
      this.#complete(text);
    }
  }

  #finishBare(): void {
    const text = this.#bare;
    this.#bare = '';
    let value: JsonValue;
    if (text === 'true' || text === 'false') value = text === 'true';
    else if (text === 'null') value = null;
    else if (jsonNumber.test(text)) value = Number(text);
    else throw this.#unexpected(text);
    this.#set(value);
    this.#complete(value);
  }

  /** Puts the value that is being read where it belongs. */
  #set(value: JsonValue): void {
    const parent = this.#stack.at(-1);
    const last = this.#path.at(-1);
    if (parent === undefined) this.#root = value;
    else if (Array.isArray(parent)) parent[last as number] = value;
    else {
      // Not by assignment: a member may be called `__proto__`.
      Object.defineProperty(parent, last as string, {
        value,
        writable: true,
        enumerable: true,
        configurable: true,
      });
    }
  }

  #complete(value: JsonValue): void {
    this.#options.onValue?.(this.#path, value);
    if (this.#stack.length === 0) this.#expected = 'end';
    else {
      this.#path.pop();
      this.#expected = 'comma';
    }
  }

  #unexpected(text: string): RpcError {
    const message = `${JSON.stringify(text)} is no JSON in ${this.#place()}`;
    return new RpcError('invalid_argument', message);
  }

  #place(): string {
    return this.#path.length === 0 ? 'the outermost value' : `$.${this.#path.join('.')}`;
  }
}

const escapes: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);
