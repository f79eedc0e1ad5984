import { RpcError } from '../rpc-error.ts';

/** Up to this length a loop over the characters is faster than the platform's encoder. */
const maxLoopLength = 48;

const encoder = new TextEncoder();
/** A leading U+FEFF is text, not a mark of the order of bytes. */
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const looseDecoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Where the platform has Node's Buffer (Bun, Node, Deno), its native decoder: it needs no view of
 * the bytes. It puts U+FFFD for what is not UTF-8.
 */
const nativeDecode: ((this: Uint8Array, start: number, end: number) => string) | undefined =
  findNativeDecode();

/**
 * Writes the length of a text in UTF-8 and then the text, and answers the position behind it. The
 * buffer has room for `5 + 3 * text.length` bytes.
 *
 * @throws RpcError invalid_argument for a lone surrogate.
 */
export function writeUtf8(text: string, buffer: Uint8Array, position: number): number {
  const { length } = text;
  if (length > maxLoopLength) return writeLongUtf8(text, buffer, position);
  let at = position + 1;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return writeLongUtf8(text, buffer, position);
    buffer[at++] = code;
  }
  buffer[position] = length;
  return at;
}

/**
 * The text of these bytes, which lie within the array.
 *
 * @returns undefined for bytes that are not UTF-8.
 */
export function readUtf8(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (start === end) return '';
  if (nativeDecode !== undefined) {
    const text = nativeDecode.call(bytes, start, end);
    if (!text.includes('\ufffd')) return text;
  }
  try {
    return strictDecoder.decode(bytes.subarray(start, end));
  } catch {
    return undefined;
  }
}

/** The text of these bytes with U+FFFD for what is not UTF-8: what proto2 asks for. */
export function readLooseUtf8(bytes: Uint8Array, start: number, end: number): string {
  return looseDecoder.decode(bytes.subarray(start, end));
}

function writeLongUtf8(text: string, buffer: Uint8Array, position: number): number {
  if (!text.isWellFormed()) {
    throw new RpcError(
      'invalid_argument',
      'a string holds half of a surrogate pair, which UTF-8 cannot say',
    );
  }
  // Most text is ASCII: the length is guessed from that, and the text moved where the guess is wrong.
  const guess = sizeOfLength(text.length);
  const { written } = encoder.encodeInto(text, buffer.subarray(position + guess));
  const size = sizeOfLength(written);
  if (size !== guess) {
    buffer.copyWithin(position + size, position + guess, position + guess + written);
  }
  let rest = written;
  for (let i = 0; i < size - 1; i++) {
    buffer[position + i] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  buffer[position + size - 1] = rest;
  return position + size + written;
}

function sizeOfLength(length: number): number {
  if (length < 0x80) return 1;
  if (length < 0x4000) return 2;
  if (length < 0x20_0000) return 3;
  return length < 0x1000_0000 ? 4 : 5;
}

function findNativeDecode(): typeof nativeDecode {
  const { Buffer } = globalThis as { Buffer?: { prototype?: { utf8Slice?: typeof nativeDecode } } };
  return Buffer?.prototype?.utf8Slice;
}
