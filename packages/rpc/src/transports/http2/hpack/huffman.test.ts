import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { huffmanDecode, huffmanEncode, huffmanLength } from './huffman.ts';

function encode(text: string): Uint8Array {
  const bytes = new Uint8Array(huffmanLength(text));
  expect(huffmanEncode(text, bytes, 0)).toBe(bytes.length);
  return bytes;
}

function decode(bytes: Uint8Array): string {
  const into = new Uint8Array(Math.ceil((bytes.length * 8) / 5));
  const length = huffmanDecode(bytes, 0, bytes.length, into);
  return String.fromCharCode(...into.subarray(0, length));
}

const latin1 = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
});

// RFC 7541, C.4 and C.6.
const vectors: readonly (readonly [string, string])[] = [
  ['www.example.com', 'f1e3c2e5f23a6ba0ab90f4ff'],
  ['no-cache', 'a8eb10649cbf'],
  ['custom-key', '25a849e95ba97d7f'],
  ['custom-value', '25a849e95bb8e8b4bf'],
  ['302', '6402'],
  ['private', 'aec3771a4b'],
  ['Mon, 21 Oct 2013 20:13:21 GMT', 'd07abe941054d444a8200595040b8166e082a62d1bff'],
  ['https://www.example.com', '9d29ad171863c78f0b97c8e9ae82ae43d3'],
  ['307', '640eff'],
  ['gzip', '9bd9ab'],
  [
    'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
    '94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007',
  ],
];

test('the examples of RFC 7541 are coded and decoded', () => {
  for (const [text, hex] of vectors) {
    expect(encode(text).toHex()).toBe(hex);
    expect(decode(Uint8Array.fromHex(hex))).toBe(text);
  }
});

test('every text comes back', () => {
  fc.assert(fc.property(latin1, (text) => decode(encode(text)) === text));
});

test('the end-of-string symbol within a string is refused', () => {
  expect(() => decode(Uint8Array.fromHex('fffffffc'))).toThrow('end-of-string');
  expect(() => decode(Uint8Array.fromHex('ffffffffff'))).toThrow();
});

test('padding of eight bits or more, or with a zero, is refused', () => {
  // `0` is 00000, `a` is 00011.
  expect(decode(Uint8Array.fromHex('07'))).toBe('0');
  expect(() => decode(Uint8Array.fromHex('07ff'))).toThrow('padding');
  expect(() => decode(Uint8Array.fromHex('06'))).toThrow('padding');
  expect(() => decode(Uint8Array.fromHex('00'))).toThrow('padding');
});

test('bytes that are accepted are the ones that their text is coded as', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      let text: string;
      try {
        text = decode(bytes);
      } catch {
        return;
      }
      expect(encode(text).toHex()).toBe(bytes.toHex());
    }),
  );
});
