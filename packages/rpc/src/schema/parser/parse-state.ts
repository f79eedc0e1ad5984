import { create } from '@bufbuild/protobuf';
import {
  FileDescriptorProtoSchema,
  type SourceCodeInfo_Location,
  SourceCodeInfo_LocationSchema,
  SourceCodeInfoSchema,
} from '@bufbuild/protobuf/wkt';
import { type Comments, commentsBetween, noComments } from '../comments.ts';
import type { SchemaLimits } from '../schema-limits.ts';
import type { Place, SourceText } from '../source-text.ts';
import { stringValue } from '../string-literal.ts';
import { type Token, tokenize } from '../tokenizer.ts';
import { type OptionStatement, type ParsedFile, Places } from './parsed-file.ts';

/** Leaves a statement that cannot be read; it has been reported. */
class StatementFailed extends Error {
  override readonly name = 'StatementFailed';
}

export type Syntax = 'proto2' | 'proto3' | 'editions';

/** The tokens still to be read, and what has been made of those before. */
export class ParseState implements ParsedFile {
  readonly source: SourceText;
  readonly limits: SchemaLimits;
  readonly proto: ParsedFile['proto'] = create(FileDescriptorProtoSchema);
  readonly places: Places = new Places();
  readonly options: Map<object, OptionStatement[]> = new Map();
  readonly locations: SourceCodeInfo_Location[] = [];
  syntax: Syntax = 'proto2';
  /** 0 unless the syntax is `editions`. */
  edition = 0;
  messageDepth = 0;
  readonly #tokens: readonly Token[];
  #index = 0;
  #leading = '';
  #detached: readonly string[] = [];

  constructor(source: SourceText, limits: SchemaLimits) {
    this.source = source;
    this.limits = limits;
    this.#tokens = tokenize(source);
    this.#takeComments(undefined);
  }

  get current(): Token {
    return this.#tokens[this.#index] as Token;
  }

  get previous(): Token {
    return this.#tokens[Math.max(0, this.#index - 1)] as Token;
  }

  get isAtEnd(): boolean {
    return this.current.kind === 'end';
  }

  at(text: string): boolean {
    return this.current.text === text;
  }

  /** Whether the token after the current one is this. */
  isNext(text: string): boolean {
    return this.#tokens[this.#index + 1]?.text === text;
  }

  /** Goes on to the next token and returns the current one. */
  take(): Token {
    const token = this.current;
    if (token.kind !== 'end') this.#index++;
    return token;
  }

  accept(text: string): boolean {
    if (!this.at(text)) return false;
    this.#index++;
    return true;
  }

  /** `after` says what the text should follow, as in `after the field's name`. */
  expect(text: string, after: string): void {
    if (!this.accept(text)) this.fail(`expected "${text}" ${after}, not ${this.found()}`);
  }

  /** `what` with its article, as in `a field's name`. */
  identifier(what: string): Token {
    if (this.current.kind !== 'identifier') this.fail(`expected ${what}, not ${this.found()}`);
    return this.take();
  }

  /** `a.b.c`, with a dot before it when it is fully qualified. */
  typeName(what: string): string {
    let name = this.accept('.') ? '.' : '';
    name += this.identifier(what).text;
    while (this.accept('.')) name += `.${this.identifier(`a name after "${name}."`).text}`;
    return name;
  }

  strings(what: string): Token[] {
    if (this.current.kind !== 'string')
      this.fail(`expected ${what} in quotes, not ${this.found()}`);
    const tokens: Token[] = [];
    while (this.current.kind === 'string') tokens.push(this.take());
    return tokens;
  }

  string(what: string): string {
    return stringValue(this.strings(what), this.source);
  }

  /** How the current token is named in a problem. */
  found(): string {
    const { kind, text } = this.current;
    if (kind === 'end') return 'the end of the file';
    return kind === 'string' ? text : `"${text}"`;
  }

  report(message: string, place: Place = this.current): void {
    this.source.report(place, message);
  }

  fail(message: string, place: Place = this.current): never {
    this.report(message, place);
    throw new StatementFailed();
  }

  /** Begins the location of what starts at a token. */
  open(path: readonly number[], start: Token = this.current): SourceCodeInfo_Location {
    const location = create(SourceCodeInfo_LocationSchema);
    location.path = [...path];
    location.span = [start.line, start.column];
    this.locations.push(location);
    return location;
  }

  /** Ends a location, by default behind the last token taken. */
  close(location: SourceCodeInfo_Location, end: Token = this.previous): void {
    if (location.span.length !== 2) return;
    if (end.line !== location.span[0]) location.span.push(end.line);
    location.span.push(end.endColumn);
  }

  /** The location of tokens that have been taken. */
  mark(path: readonly number[], start: Token, end: Token = this.previous): void {
    this.close(this.open(path, start), end);
  }

  /**
   * The token that ends a declaration or opens its block: comments around it go to the location;
   * those of an end without a location are left to what comes next.
   */
  acceptEnd(text: string, location?: SourceCodeInfo_Location): boolean {
    if (!this.at(text)) return false;
    const token = this.take();
    const pending = { leading: this.#leading, detached: this.#detached };
    const { trailing } = this.#takeComments(token);
    if (location === undefined) {
      if (text !== '}') this.#detached = [...pending.detached, ...this.#detached];
      return true;
    }
    if (pending.leading !== '') location.leadingComments = pending.leading;
    if (trailing !== '') location.trailingComments = trailing;
    location.leadingDetachedComments = [...pending.detached];
    return true;
  }

  expectEnd(text: string, location: SourceCodeInfo_Location, after: string): void {
    if (!this.acceptEnd(text, location)) {
      this.fail(`expected "${text}" ${after}, not ${this.found()}`);
    }
  }

  /** Takes `;` and `{` of a statement that failed, up to the end of it. */
  skipStatement(): void {
    for (let depth = 0; !this.isAtEnd; ) {
      if (depth === 0 && (this.at('}') || this.acceptEnd(';'))) return;
      if (this.at('{')) depth++;
      else if (this.at('}') && --depth === 0) {
        this.acceptEnd('}');
        return;
      }
      this.take();
    }
  }

  /** Reads what stands in braces; when that fails, goes on behind the closing one. */
  inBraces<T>(read: () => T): T {
    const start = this.#index;
    try {
      return read();
    } catch (error) {
      if (error instanceof StatementFailed) this.#skipBraces(start);
      throw error;
    }
  }

  #skipBraces(start: number): void {
    this.#index = start;
    for (let depth = 0; !this.isAtEnd; ) {
      const { text } = this.take();
      if (text === '{') depth++;
      if (text === '}' && --depth <= 0) return;
    }
  }

  /** Reads statements up to the closing brace; one that fails is skipped. */
  block(owner: string, statement: () => void): void {
    while (!this.acceptEnd('}')) {
      if (this.isAtEnd) this.fail(`${owner} has no end; close it with "}"`);
      if (!this.acceptEnd(';')) this.attempt(statement);
    }
  }

  /** Reads one statement, or reports and skips it. */
  attempt(statement: () => void): void {
    const start = this.#index;
    try {
      statement();
    } catch (error) {
      if (!(error instanceof StatementFailed)) throw error;
      this.skipStatement();
      // A statement that takes nothing would be read for ever.
      if (this.#index === start && !this.at('}')) this.take();
    }
  }

  finish(): ParsedFile {
    this.proto.sourceCodeInfo = create(SourceCodeInfoSchema);
    this.proto.sourceCodeInfo.location = this.locations;
    return this;
  }

  #takeComments(token: Token | undefined): Comments {
    // Comments are of no use once the file is refused.
    const isRefused = this.source.problems.length > 0;
    const comments = isRefused ? noComments : commentsBetween(this.source, token, this.current);
    this.#leading = comments.leading;
    this.#detached = comments.detached;
    return comments;
  }
}
