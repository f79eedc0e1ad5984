import type { Language } from './languages.ts';

/** Kinds of tokens. Newlines are tokens of their own; blanks are what else is white. */
export const tokenKinds = {
  blank: 0,
  newline: 1,
  comment: 2,
  word: 3,
  number: 4,
  string: 5,
  sign: 6,
} as const;

/** Characters that a comment or string which is never closed may take. */
const maxUnclosedCharacters = 1 << 20;

/** Templates within templates that are told apart. */
const maxTemplateDepth = 64;

/**
 * Cuts text into tokens, one after the other, without a gap: what `next` passes over, put together, is
 * the text. Any text is valid; what a language does not know becomes signs and words. A lexer may begin
 * at any newline at which an earlier one `isAtRest`.
 */
export class Lexer {
  /** Of the token that `next` found: `start` to `end`, in UTF-16 units. */
  start: number;
  end: number;
  kind = 0;
  /** The token is a string or comment that goes on behind its last character: nothing has closed it. */
  isOpen = false;

  readonly #text: string;
  readonly #language: Language;
  readonly #classes: Uint8Array;
  readonly #commentStarts: Uint8Array;
  /** Braces open in each template around the place, the innermost last. */
  readonly #templates: number[] = [];
  /** A slash here would divide. */
  #afterValue = false;

  constructor(text: string, language: Language, from = 0) {
    this.#text = text;
    this.#language = language;
    this.#classes = classesOf(language);
    this.#commentStarts = commentStartsOf(language);
    this.start = from;
    this.end = from;
  }

  /** Nothing is open but what the text itself shows: lexing can start anew behind this token. */
  get isAtRest(): boolean {
    return this.#templates.length === 0;
  }

  /** False at the end of the text. */
  next(): boolean {
    const text = this.#text;
    const start = this.end;
    if (start >= text.length) return false;
    this.start = start;
    const code = text.charCodeAt(start);
    switch (code < 128 ? this.#classes[code] : wideClass(code)) {
      case classes.blank:
        this.#take(tokenKinds.blank, this.#skip(start + 1, classes.blank));
        break;
      case classes.newline:
        this.#afterValue = false;
        this.#take(tokenKinds.newline, afterNewline(text, start));
        break;
      case classes.word:
        this.#word(start);
        break;
      case classes.digit:
        this.#take(tokenKinds.number, numberEnd(text, start));
        this.#afterValue = true;
        break;
      case classes.quote:
        this.#quote(start, code);
        break;
      default:
        this.#sign(start, code);
    }
    return true;
  }

  #take(kind: number, end: number, isOpen = false): void {
    this.kind = kind;
    this.end = end;
    this.isOpen = isOpen;
  }

  /** The first place from `at` on whose character is of another class. */
  #skip(at: number, wanted: number): number {
    const text = this.#text;
    let end = at;
    for (; end < text.length; end++) {
      const code = text.charCodeAt(end);
      const found = code < 128 ? this.#classes[code] : wideClass(code);
      if (found !== wanted && !(wanted === classes.word && found === classes.digit)) break;
    }
    return end;
  }

  #word(start: number): void {
    const text = this.#text;
    const end = this.#skip(start + 1, classes.word);
    const { stringPrefixes } = this.#language;
    if (stringPrefixes !== undefined && end - start <= 3 && end < text.length) {
      const opens = text[end] === '"' || text[end] === "'" || text[end] === '#';
      if (opens && stringPrefixes.test(text.slice(start, end)) && this.#prefixed(end)) return;
    }
    this.#take(tokenKinds.word, end);
    this.#afterValue = !regexKeywords.has(text.slice(start, Math.min(end, start + 11)));
  }

  /** A string whose prefix ends at `at`; false where none follows. */
  #prefixed(at: number): boolean {
    const text = this.#text;
    if (this.#language.isRust && text[at - 1] === 'r') {
      const quote = this.#skipSame(at, '#');
      if (text[quote] !== '"') return false;
      this.#until(`"${'#'.repeat(quote - at)}`, quote + 1, tokenKinds.string);
      return true;
    }
    if (text[at] === '#') return false;
    this.#quote(at, text.charCodeAt(at));
    return this.kind === tokenKinds.string;
  }

  #skipSame(at: number, sign: string): number {
    let end = at;
    while (this.#text[end] === sign) end++;
    return end;
  }

  #quote(at: number, code: number): void {
    const text = this.#text;
    this.#afterValue = true;
    for (const long of this.#language.longQuotes) {
      if (!text.startsWith(long, at)) continue;
      this.#until(long, at + long.length, tokenKinds.string);
      return;
    }
    if (code === backtick && this.#language.isScript) this.#template(at + 1);
    else if (code === singleQuote && this.#language.isRust && isLifetime(text, at)) {
      this.#take(tokenKinds.word, this.#skip(at + 1, classes.word));
    } else if (code === singleQuote && at === this.start && isBehindWord(text, at)) {
      this.#take(tokenKinds.sign, at + 1);
    } else {
      const mayBreak = this.#language.isRust === true && code !== singleQuote;
      const end = quotedEnd(text, at + 1, code, mayBreak);
      this.#take(tokenKinds.string, Math.abs(end), end < 0);
    }
  }

  /** Up to `close`; what is never closed goes on to the end, within its limit. */
  #until(close: string, from: number, kind: number): void {
    const text = this.#text;
    const found = text.indexOf(close, from);
    if (found >= 0) this.#take(kind, found + close.length);
    else this.#take(kind, Math.min(text.length, from + maxUnclosedCharacters), true);
  }

  /** The rest of a template up to its end, or to `${`, which is part of it. */
  #template(from: number): void {
    const text = this.#text;
    let at = from;
    const last = Math.min(text.length, from + maxUnclosedCharacters);
    for (; at < last; at++) {
      const code = text.charCodeAt(at);
      if (code === backslash) at++;
      else if (code === backtick) break;
      else if (code === dollar && text.charCodeAt(at + 1) === openBrace) {
        if (this.#templates.length >= maxTemplateDepth) continue;
        this.#templates.push(0);
        this.#afterValue = false;
        this.#take(tokenKinds.string, at + 2);
        return;
      }
    }
    this.#afterValue = true;
    const isOpen = text.charCodeAt(at) !== backtick || at >= last;
    this.#take(tokenKinds.string, Math.min(at + 1, text.length), isOpen);
  }

  #sign(start: number, code: number): void {
    const text = this.#text;
    // Most signs begin no comment.
    if (this.#commentStarts[code] === 1 && this.#comment(start)) return;
    if (this.#language.isLua && code === openBracket && this.#luaBracket(start)) return;
    if (code === slash && this.#language.isScript && !this.#afterValue) {
      const end = regexEnd(text, start + 1);
      if (end > 0) {
        this.#afterValue = true;
        this.#take(tokenKinds.string, this.#skip(end, classes.word));
        return;
      }
    }
    const depth = this.#templates.length - 1;
    if (depth >= 0 && (code === openBrace || code === closeBrace)) {
      const open = (this.#templates[depth] ?? 0) + (code === openBrace ? 1 : -1);
      if (open < 0) {
        this.#templates.pop();
        this.#template(start + 1);
        return;
      }
      this.#templates[depth] = open;
    }
    this.#afterValue = code === closeParenthesis || code === closeBracket || code === closeBrace;
    this.#take(tokenKinds.sign, start + signLength(text, start, code));
  }

  #comment(start: number): boolean {
    const text = this.#text;
    for (const mark of this.#language.lineComments) {
      if (!text.startsWith(mark, start)) continue;
      if (this.#language.commentNeedsBlank && !isBlankBefore(text, start)) continue;
      if (this.#language.isLua && this.#luaBracket(start + 2)) {
        this.kind = tokenKinds.comment;
        return true;
      }
      this.#take(tokenKinds.comment, lineEnd(text, start), true);
      return true;
    }
    return this.#blockComment(start);
  }

  #blockComment(start: number): boolean {
    const text = this.#text;
    for (const [open, close] of this.#language.blockComments) {
      if (!text.startsWith(open, start)) continue;
      if (open === '=begin' && start > 0 && text.charCodeAt(start - 1) !== lineFeed) continue;
      this.#until(close, start + open.length, tokenKinds.comment);
      return true;
    }
    return false;
  }

  /** `[[…]]` or `[=[…]=]` at `at`, as a string; false where there is none. */
  #luaBracket(at: number): boolean {
    const text = this.#text;
    if (text[at] !== '[') return false;
    const second = this.#skipSame(at + 1, '=');
    if (text[second] !== '[') return false;
    this.#until(`]${'='.repeat(second - at - 1)}]`, second + 1, tokenKinds.string);
    return true;
  }
}

const lineFeed = 10;
const carriageReturn = 13;
const doubleQuote = 34;
const dollar = 36;
const singleQuote = 39;
const closeParenthesis = 41;
const slash = 47;
const openBracket = 91;
const backslash = 92;
const closeBracket = 93;
const backtick = 96;
const openBrace = 123;
const closeBrace = 125;

const classes = { sign: 0, blank: 1, newline: 2, word: 3, digit: 4, quote: 5 } as const;

/** After these a slash begins a regular expression. */
const regexKeywords = new Set(
  'return typeof case in of delete void throw new else do await yield instanceof'.split(' '),
);

const tables = new Map<string, Uint8Array>();

/** The class of each ASCII character; made once for a family. */
function classesOf(language: Language): Uint8Array {
  const made = tables.get(language.family);
  if (made !== undefined) return made;
  const table = new Uint8Array(128);
  for (let code = 0; code < 128; code++) {
    const letter = String.fromCharCode(code);
    if (/[A-Za-z_]/.test(letter) || language.wordSigns.includes(letter)) table[code] = classes.word;
    else if (/[0-9]/.test(letter)) table[code] = classes.digit;
    else if (code === lineFeed || code === carriageReturn) table[code] = classes.newline;
    else if (code <= 32 || code === 127) table[code] = classes.blank;
  }
  const long = language.longQuotes.map((quote) => quote.charAt(0)).join('');
  for (const quote of `${language.quotes}${long}${language.isScript ? '`' : ''}`) {
    table[quote.charCodeAt(0)] = classes.quote;
  }
  tables.set(language.family, table);
  return table;
}

const commentStarts = new Map<string, Uint8Array>();

/** 1 for each ASCII character that a comment may begin with; all are signs. */
function commentStartsOf({ blockComments, family, lineComments }: Language): Uint8Array {
  const made = commentStarts.get(family);
  if (made !== undefined) return made;
  const table = new Uint8Array(128);
  for (const mark of [...lineComments, ...blockComments.map(([open]) => open)]) {
    table[mark.charCodeAt(0)] = 1;
  }
  commentStarts.set(family, table);
  return table;
}

/** Beyond ASCII all is part of words but what is white. */
function wideClass(code: number): number {
  const isWhite =
    code === 0xa0 || code === 0x3000 || code === 0xfeff || (code >= 0x2000 && code <= 0x200b);
  if (isWhite) return classes.blank;
  return code === 0x2028 || code === 0x2029 ? classes.newline : classes.word;
}

/** Whether the character at a place is part of words of the language; false beyond the ends. */
export function isWordAt(text: string, at: number, language: Language): boolean {
  return isWordCode(text.charCodeAt(at)) || language.wordSigns.includes(text.charAt(at) || '\n');
}

/** Letters, digits, `_`, and what is not ASCII and not white: parts of words in all languages. */
function isWordCode(code: number): boolean {
  if (code >= 128) return wideClass(code) === classes.word;
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    code === 95
  );
}

function afterNewline(text: string, at: number): number {
  const isPair = text.charCodeAt(at) === carriageReturn && text.charCodeAt(at + 1) === lineFeed;
  return at + (isPair ? 2 : 1);
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  if (end < 0) return text.length;
  return end > from && text.charCodeAt(end - 1) === carriageReturn ? end - 1 : end;
}

/** Behind the closing quote; negative where none closes it, the end of what it may take. */
function quotedEnd(text: string, from: number, quote: number, mayBreak: boolean): number {
  const last = Math.min(text.length, from + maxUnclosedCharacters);
  for (let at = from; at < last; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) return at + 1;
    if (code === backslash && at + 1 < last) {
      const next = text.charCodeAt(at + 1);
      if (next !== lineFeed && next !== carriageReturn) at++;
    } else if (!mayBreak && (code === lineFeed || code === carriageReturn)) return -at;
  }
  return -last;
}

/** Decimal, hexadecimal, with exponents, separators and suffixes; `1..2` is a range. */
function numberEnd(text: string, start: number): number {
  let end = start + 1;
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (isWordCode(code)) continue;
    const next = text.charCodeAt(end + 1);
    if (code === 46 && next >= 48 && next <= 57) continue;
    const isExponent = (code === 43 || code === 45) && next >= 48 && next <= 57;
    if (!isExponent || !isDecimalExponent(text, start, end)) break;
  }
  return end;
}

function isDecimalExponent(text: string, start: number, sign: number): boolean {
  const letter = text.charCodeAt(sign - 1) | 32;
  return letter === 101 && (text.charCodeAt(start + 1) | 32) !== 120;
}

function isLifetime(text: string, at: number): boolean {
  const next = text.charCodeAt(at + 1);
  return isWordCode(next) && text.charCodeAt(at + 2) !== singleQuote;
}

/** Behind the closing slash, or 0 where the line has none. */
function regexEnd(text: string, from: number): number {
  let isInSet = false;
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === lineFeed || code === carriageReturn) return 0;
    if (code === backslash) at++;
    else if (code === openBracket) isInSet = true;
    else if (code === closeBracket) isInSet = false;
    else if (code === slash && !isInSet) return at + 1;
  }
  return 0;
}

function isBehindWord(text: string, at: number): boolean {
  return at > 0 && isWordCode(text.charCodeAt(at - 1));
}

function isBlankBefore(text: string, at: number): boolean {
  return at === 0 || text.charCodeAt(at - 1) <= 32;
}

/** `>>` is two signs, since it closes two lists of type arguments more often than it shifts. */
const longSigns = new Map<number, readonly string[]>();
for (const sign of (
  '=== !== ... **= &&= ||= ??= <=> ..= ' +
  '=> == != <= >= && || ?? ?. ++ -- += -= *= /= %= &= |= ^= ** :: -> <- := .. << |> ~= =~ //'
).split(' ')) {
  const code = sign.charCodeAt(0);
  longSigns.set(code, [...(longSigns.get(code) ?? []), sign]);
}

function signLength(text: string, start: number, code: number): number {
  const next = text.charCodeAt(start + 1);
  // No sign of several has a letter, a blank or a bracket second, which most signs are followed by.
  if (!(next > 32) || code === doubleQuote || isWordCode(next)) return 1;
  const all = longSigns.get(code);
  if (all === undefined) return 1;
  for (const sign of all) if (text.startsWith(sign, start)) return sign.length;
  return 1;
}
