import { RpcError } from '../rpc-error.ts';

/** Up to this length a loop over the characters or bytes is faster than a call of the platform. */
const maxLoopLength = 16;
const maxAsciiLoopLength = 24;

const encoder = new TextEncoder();
/** A leading U+FEFF is text, not a mark of the order of bytes. */
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const looseDecoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * What Node's Buffer has (in Bun, Node and Deno) and any Uint8Array can lend: the same as the
 * standard coders, without the view of the bytes that those need.
 */
interface NativeCoders {
  /** U+FFFD for what is not UTF-8. */
  readonly utf8Slice: (this: Uint8Array, start: number, end: number) => string;
  readonly latin1Slice: (this: Uint8Array, start: number, end: number) => string;
  /** U+FFFD for half of a surrogate pair. Answers the number of bytes written. */
  readonly utf8Write: (this: Uint8Array, text: string, offset: number, length: number) => number;
}

const native: NativeCoders | undefined = findNativeCoders();

/**
 * Writes the length of a text in UTF-8 and then the text, and answers the position behind it. The
 * buffer has room for `5 + 3 * text.length` bytes.
 *
 * @throws RpcError invalid_argument for a lone surrogate.
 */
export function writeUtf8(text: string, buffer: Uint8Array, position: number): number {
  const { length } = text;
  if (length > maxLoopLength) return writeNatively(text, buffer, position);
  let at = position + 1;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return writeNatively(text, buffer, position);
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
  if (native !== undefined) {
    if (end - start <= maxAsciiLoopLength && isAscii(bytes, start, end)) {
      return native.latin1Slice.call(bytes, start, end);
    }
    const text = native.utf8Slice.call(bytes, start, end);
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

function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  let bits = 0;
  for (let i = start; i < end; i++) bits |= bytes[i] as number;
  return bits < 0x80;
}

function writeNatively(text: string, buffer: Uint8Array, position: number): number {
  // Most text is ASCII: room for the length is guessed from that, and the text moved where it is not.
  const guess = sizeOfLength(text.length);
  const start = position + guess;
  const written =
    native === undefined
      ? encoder.encodeInto(text, buffer.subarray(start)).written
      : native.utf8Write.call(buffer, text, start, buffer.length - start);
  if (written !== text.length && !text.isWellFormed()) {
    throw new RpcError(
      'invalid_argument',
      'a string holds half of a surrogate pair, which UTF-8 cannot say',
    );
  }
  const size = sizeOfLength(written);
  if (size !== guess) buffer.copyWithin(position + size, start, start + written);
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

function findNativeCoders(): NativeCoders | undefined {
  const { Buffer } = globalThis as { Buffer?: { prototype?: Partial<NativeCoders> } };
  const { utf8Slice, latin1Slice, utf8Write } = Buffer?.prototype ?? {};
  if (utf8Slice === undefined || latin1Slice === undefined || utf8Write === undefined) {
    return undefined;
  }
  return { utf8Slice, latin1Slice, utf8Write };
}
