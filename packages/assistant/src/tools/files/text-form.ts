import { RpcError } from '@zeke/rpc';

type TextEncoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'latin1';

/** How a text stands in its file: what a change of the text leaves as it was. */
export interface TextForm {
  readonly encoding: TextEncoding;
  /** A byte order mark stands before the text. */
  readonly hasMark: boolean;
  /** What ends most of its lines. */
  readonly lineEnd: '\n' | '\r\n';
}

export interface DecodedText extends TextForm {
  /** Without the mark; each line ends as it does in the file. */
  readonly text: string;
}

/** Of a file that is new. */
export const newTextForm: TextForm = { encoding: 'utf-8', hasMark: false, lineEnd: '\n' };

/**
 * The text in a file's bytes; undefined for what is no text. UTF-8, or UTF-16 after its mark; what is
 * neither is taken as Latin-1 (ISO 8859-1), whose every byte is a character, unless it has NUL bytes
 * or many control characters. `encodeText` gives back the same bytes, of any of them.
 */
export function decodeText(bytes: Uint8Array): DecodedText | undefined {
  const encoding = encodingOf(bytes);
  if (encoding === undefined) return undefined;
  const mark = marks[encoding];
  const hasMark = mark.length > 0 && startsWith(bytes, mark);
  const text = decode(hasMark ? bytes.subarray(mark.length) : bytes, encoding);
  return { text, encoding, hasMark, lineEnd: lineEndOf(text) };
}

/** The bytes of a text. Throws `invalid_argument` for a character that its encoding cannot write. */
export function encodeText(text: string, { encoding, hasMark }: TextForm): Uint8Array {
  const bytes = encode(text, encoding);
  return hasMark ? Buffer.concat([Uint8Array.from(marks[encoding]), bytes]) : bytes;
}

/** The same lines, ended as this form has it. */
export function withLineEnds(text: string, lineEnd: TextForm['lineEnd']): string {
  const plain = text.replaceAll('\r\n', '\n');
  return lineEnd === '\n' ? plain : plain.replaceAll('\n', '\r\n');
}

const marks: Readonly<Record<TextEncoding, readonly number[]>> = {
  'utf-8': [0xef, 0xbb, 0xbf],
  'utf-16le': [0xff, 0xfe],
  'utf-16be': [0xfe, 0xff],
  latin1: [],
};

/** Git looks at as many bytes to tell a binary file. */
const lookedAtBytes = 8_000;
/** One in so many bytes of a Latin-1 text may be a control character. */
const textPerControl = 20;

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function encodingOf(bytes: Uint8Array): TextEncoding | undefined {
  const isWhole = bytes.length % 2 === 0;
  if (isWhole && startsWith(bytes, marks['utf-16le'])) return 'utf-16le';
  if (isWhole && startsWith(bytes, marks['utf-16be'])) return 'utf-16be';
  const head = bytes.subarray(0, lookedAtBytes);
  if (head.includes(0)) return undefined;
  if (isUtf8(bytes)) return 'utf-8';
  const controls = head.reduce((sum, byte) => sum + (isControl(byte) ? 1 : 0), 0);
  return controls * textPerControl > head.length ? undefined : 'latin1';
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    strictUtf8.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Not those that texts have: tab, line feed, form feed, carriage return, escape. */
function isControl(byte: number): boolean {
  return (byte < 32 && ![9, 10, 12, 13, 27].includes(byte)) || byte === 127;
}

function startsWith(bytes: Uint8Array, mark: readonly number[]): boolean {
  return mark.every((byte, index) => bytes[index] === byte);
}

function decode(bytes: Uint8Array, encoding: TextEncoding): string {
  if (encoding === 'utf-8') return strictUtf8.decode(bytes);
  if (encoding === 'utf-16be') return Buffer.from(bytes).swap16().toString('utf16le');
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return view.toString(encoding === 'latin1' ? 'latin1' : 'utf16le');
}

function encode(text: string, encoding: TextEncoding): Buffer {
  if (encoding === 'utf-8') return encodeUtf8(text);
  if (encoding === 'utf-16le') return Buffer.from(text, 'utf16le');
  if (encoding === 'utf-16be') return Buffer.from(text, 'utf16le').swap16();
  const beyond = /[^\0-\xff]/u.exec(text);
  if (beyond === null) return Buffer.from(text, 'latin1');
  throw new RpcError(
    'invalid_argument',
    `"${beyond[0]}" cannot be written: the file is not UTF-8, it was read as Latin-1; leave the character out, or convert the file to UTF-8 first`,
  );
}

function encodeUtf8(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text, 'utf8');
  throw new RpcError(
    'invalid_argument',
    'the text has half of a surrogate pair (\\ud800 to \\udfff alone): write the whole character',
  );
}

function lineEndOf(text: string): TextForm['lineEnd'] {
  let carriage = 0;
  let plain = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) {
    if (text[at - 1] === '\r') carriage++;
    else plain++;
  }
  return carriage > plain ? '\r\n' : '\n';
}
