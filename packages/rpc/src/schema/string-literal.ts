import type { SourceText } from './source-text.ts';
import type { Token } from './tokenizer.ts';

/**
 * The bytes of adjacent string tokens, which join as in C. What is wrong in one is reported.
 * Escapes: `\a \b \f \n \r \t \v \\ \' \" \?`, octal `\0`-`\377`, hex `\x0`-`\xff`, `\u0000`,
 * `\U00000000`.
 */
export function stringBytes(tokens: readonly Token[], source: SourceText): Uint8Array {
  const bytes: number[] = [];
  for (const token of tokens) appendLiteral(token, bytes, source);
  return Uint8Array.from(bytes);
}

/** The same as text; bytes that are no UTF-8 are reported. */
export function stringValue(tokens: readonly Token[], source: SourceText): string {
  const bytes = stringBytes(tokens, source);
  return decodeString(bytes) ?? reportEncoding(tokens, source);
}

/** `undefined` for bytes that are no UTF-8. */
export function decodeString(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function reportEncoding(tokens: readonly Token[], source: SourceText): string {
  source.report(tokens[0], 'the escapes of this string do not make valid UTF-8; correct them');
  return '';
}

function appendLiteral(token: Token, bytes: number[], source: SourceText): void {
  const { text } = token;
  const quote = text[0];
  const end = text.length > 1 && text.endsWith(quote ?? '') ? text.length - 1 : text.length;
  let at = 1;
  while (at < end) {
    if (text[at] !== '\\') {
      const code = text.codePointAt(at) ?? 0;
      appendUtf8(code, bytes);
      at += code > 0xffff ? 2 : 1;
      continue;
    }
    const length = appendEscape(text.slice(at + 1, at + 10), bytes);
    if (length === 0) {
      source.report(
        { offset: token.offset + at },
        `"${text.slice(at, at + 2)}" is no escape; write \\\\ for a backslash, or one of ` +
          '\\n \\r \\t \\" \\\' \\a \\b \\f \\v \\?, \\ooo, \\xhh, \\uhhhh, \\Uhhhhhhhh',
      );
    }
    at += 1 + Math.max(length, 1);
  }
}

const simpleEscapes: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  '\\': 92,
  "'": 39,
  '"': 34,
  '?': 63,
};

/** How much of the text after the backslash belongs to the escape; 0 when it is none. */
function appendEscape(text: string, bytes: number[]): number {
  const simple = simpleEscapes[text[0] ?? ''];
  if (simple !== undefined) {
    bytes.push(simple);
    return 1;
  }
  const octal = /^[0-7]{1,3}/.exec(text);
  if (octal !== null) {
    const value = Number.parseInt(octal[0], 8);
    if (value > 255) return 0;
    bytes.push(value);
    return octal[0].length;
  }
  const hex = /^[xX]([0-9a-fA-F]{1,2})/.exec(text);
  if (hex !== null) {
    bytes.push(Number.parseInt(hex[1] ?? '', 16));
    return hex[0].length;
  }
  const unicode = /^(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/.exec(text);
  const code = Number.parseInt(unicode?.[1] ?? unicode?.[2] ?? '', 16);
  if (unicode === null || code > 0x10ffff) return 0;
  appendUtf8(code, bytes);
  return unicode[0].length;
}

function appendUtf8(code: number, bytes: number[]): void {
  if (code < 0x80) {
    bytes.push(code);
  } else if (code < 0x800) {
    bytes.push(0xc0 | (code >> 6), continuation(code));
  } else if (code < 0x10000) {
    bytes.push(0xe0 | (code >> 12), continuation(code >> 6), continuation(code));
  } else {
    bytes.push(0xf0 | (code >> 18), continuation(code >> 12), continuation(code >> 6));
    bytes.push(continuation(code));
  }
}

function continuation(code: number): number {
  return 0x80 | (code & 0x3f);
}
