/** What newer platforms have; absent from TypeScript's library of some. */
interface NativeBase64 {
  toBase64?(this: Uint8Array): string;
}
interface NativeBase64Constructor {
  fromBase64?(text: string): Uint8Array;
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const standardForm = /^[A-Za-z0-9+/]*={0,2}$/;
const nativeEncode = (Uint8Array.prototype as NativeBase64).toBase64;
const nativeDecode = (Uint8Array as NativeBase64Constructor).fromBase64;

/** Standard base64 with padding (RFC 4648, section 4). */
export function toBase64(bytes: Uint8Array): string {
  if (nativeEncode !== undefined) return nativeEncode.call(bytes);
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const group = ((bytes[i] as number) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    text += alphabet.charAt(group >> 18) + alphabet.charAt((group >> 12) & 63);
    text += left > 1 ? alphabet.charAt((group >> 6) & 63) : '=';
    text += left > 2 ? alphabet.charAt(group & 63) : '=';
  }
  return text;
}

/**
 * The bytes of standard or URL-safe base64 (RFC 4648, sections 4 and 5), with or without padding.
 *
 * @returns undefined for a text that is neither.
 */
export function fromBase64(text: string): Uint8Array | undefined {
  const standard = text.replaceAll('-', '+').replaceAll('_', '/');
  if (!standardForm.test(standard)) return undefined;
  const end = standard.indexOf('=');
  const digits = end === -1 ? standard : standard.slice(0, end);
  const padding = standard.length - digits.length;
  if (digits.length % 4 === 1) return undefined;
  if (padding > 0 && standard.length % 4 !== 0) return undefined;
  return nativeDecode === undefined ? decodeDigits(digits) : nativeDecode.call(Uint8Array, digits);
}

function decodeDigits(digits: string): Uint8Array {
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let at = 0;
  let bits = 0;
  let held = 0;
  for (const digit of digits) {
    held = ((held << 6) | alphabet.indexOf(digit)) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at++] = held >> bits;
  }
  return bytes;
}
