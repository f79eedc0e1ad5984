import { AnswerHeaders } from './answer-headers.ts';
import { badAnswer } from './http-fault.ts';

/** How the length of a body is told (RFC 9112, 6.3). */
type BodyFraming =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  /** To the end of the connection. */
  | { readonly kind: 'close' };

export interface AnswerHead {
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly framing: BodyFraming;
  /** Whether the connection may carry another request after the body. */
  readonly keepsAlive: boolean;
  /** How long the server says that it keeps an unused connection open, in milliseconds. */
  readonly idleMs: number | undefined;
  /** How the body is compressed, in lower case. */
  readonly encoding: string | undefined;
}

/** How many headers, or trailers, an answer may have. */
const maxHeaders = 256;

const statusLine = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?\r\n/;
/** A name is a token and stands before its colon; a value has no controls, so no line is folded. */
const fieldLines = /(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)*$/y;

/**
 * Reads the head of an answer (RFC 9112, 4 to 6), given with its last line's end and without the
 * empty line. `method` is the request's. Throws HTTP_BAD_ANSWER for what is not well formed or tells
 * the length of the body in two ways: where an answer ends has to be beyond doubt.
 */
export function readHead(text: string, method: string): AnswerHead {
  const [line, minor, code] = statusLine.exec(text) ?? [];
  if (line === undefined) throw badAnswer('no status line of HTTP/1.1');
  checkFields(text, line.length);
  const status = Number(code);
  const told = readFramingFields(text, line.length, minor === '0');
  const framing = framingOf(told, status, method, minor === '0');
  return {
    status,
    headers: new AnswerHeaders(text.slice(line.length)),
    framing,
    keepsAlive: told.keepsAlive && framing.kind !== 'close' && !contradicts(told, status),
    idleMs: told.idleMs,
    encoding: told.encoding,
  };
}

/** Throws HTTP_BAD_ANSWER unless `text` is lines of fields from `at` on. */
export function checkFields(text: string, at: number): void {
  fieldLines.lastIndex = at;
  if (!fieldLines.test(text)) throw badAnswer('a header is not well formed');
}

interface FramingFields {
  length: number | undefined;
  chunked: boolean;
  keepsAlive: boolean;
  idleMs: number | undefined;
  encoding: string | undefined;
}

/** Of all fields only those that say how to read the body; they are known by the length of their names. */
function readFramingFields(text: string, from: number, isOld: boolean): FramingFields {
  const told: FramingFields = {
    length: undefined,
    chunked: false,
    keepsAlive: !isOld,
    idleMs: undefined,
    encoding: undefined,
  };
  let count = 0;
  for (let at = from; at < text.length; count++) {
    const end = text.indexOf('\r\n', at);
    const colon = text.indexOf(':', at);
    switch (colon - at) {
      case 10:
      case 14:
      case 16:
      case 17:
        readField(told, text.slice(at, colon).toLowerCase(), text.slice(colon + 1, end).trim());
    }
    at = end + 2;
  }
  if (count > maxHeaders) throw badAnswer(`more than ${maxHeaders} headers`);
  return told;
}

function readField(told: FramingFields, name: string, value: string): void {
  switch (name) {
    case 'connection':
      if (/\bclose\b/i.test(value)) told.keepsAlive = false;
      else if (/\bkeep-alive\b/i.test(value)) told.keepsAlive = true;
      return;
    case 'keep-alive': {
      const [, seconds] = /\btimeout=(\d{1,6})\b/i.exec(value) ?? [];
      if (seconds !== undefined) told.idleMs = Number(seconds) * 1_000;
      return;
    }
    case 'content-length':
      told.length = lengthOf(value, told.length);
      return;
    case 'content-encoding':
      told.encoding =
        told.encoding === undefined ? value.toLowerCase() : `${told.encoding}, ${value}`;
      return;
    case 'transfer-encoding':
      if (told.chunked || value.toLowerCase() !== 'chunked') {
        throw badAnswer('a transfer-encoding other than chunked');
      }
      told.chunked = true;
  }
}

function lengthOf(value: string, before: number | undefined): number {
  const length = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
  if (!Number.isSafeInteger(length)) throw badAnswer('a content-length that is no number');
  if (before !== undefined && before !== length) throw badAnswer('two content-lengths');
  return length;
}

function framingOf(
  { chunked, length }: FramingFields,
  status: number,
  method: string,
  isOld: boolean,
): BodyFraming {
  if (chunked && length !== undefined) {
    throw badAnswer('both a content-length and a transfer-encoding');
  }
  if (chunked && isOld) throw badAnswer('a transfer-encoding in HTTP/1.0');
  if (hasNoBody(status) || method === 'HEAD') return none;
  if (chunked) return inChunks;
  return length === undefined ? toClose : { kind: 'length', bytes: length };
}

const none: BodyFraming = { kind: 'none' };
const inChunks: BodyFraming = { kind: 'chunked' };
const toClose: BodyFraming = { kind: 'close' };

function hasNoBody(status: number): boolean {
  return status < 200 || status === 204 || status === 304;
}

/** A body is announced where there can be none: should it come all the same, it is nobody's answer. */
function contradicts({ chunked, length }: FramingFields, status: number): boolean {
  return status === 204 && (chunked || (length ?? 0) > 0);
}
