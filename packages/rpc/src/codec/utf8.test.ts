import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import * as withBuffer from './utf8.ts';

/** As in a browser, where there is no Buffer. */
async function importPortable(): Promise<typeof withBuffer> {
  const module = './utf8.ts?portable';
  const { Buffer } = globalThis;
  try {
    Reflect.deleteProperty(globalThis, 'Buffer');
    return (await import(module)) as typeof withBuffer;
  } finally {
    globalThis.Buffer = Buffer;
  }
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();
const portable = await importPortable();

const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.nat(400).map((length) => 'a'.repeat(length)),
  fc.nat(400).map((length) => 'ü'.repeat(length)),
);

test('the two are not the same module', () => {
  expect(portable.readUtf8).not.toBe(withBuffer.readUtf8);
});

for (const [name, utf8] of Object.entries({ 'with Buffer': withBuffer, without: portable })) {
  describe(name, () => {
    test('texts are written as the platform encodes them, behind their length', () => {
      fc.assert(
        fc.property(texts, (text) => {
          const buffer = new Uint8Array(3 * text.length + 6).fill(0xee);
          const end = utf8.writeUtf8(text, buffer, 1);
          const bytes = encoder.encode(text);
          const size = end - 1 - bytes.length;
          expect(size).toBe(bytes.length < 128 ? 1 : 2);
          expect(buffer[1]).toBe(size === 1 ? bytes.length : (bytes.length & 0x7f) | 0x80);
          if (size === 2) expect(buffer[2]).toBe(bytes.length >> 7);
          expect(buffer.subarray(1 + size, end)).toEqual(bytes);
          expect(utf8.readUtf8(buffer, 1 + size, end)).toBe(text);
        }),
      );
    });

    test('half of a surrogate pair is refused', () => {
      for (const text of ['\ud800', 'a\udfff', `${'a'.repeat(100)}\ud83d`, '\ude00\ud83d']) {
        expect(() => utf8.writeUtf8(text, new Uint8Array(400), 0)).toThrow('half of a surrogate');
      }
    });

    test('bytes that are not UTF-8 are no text, and none but those', () => {
      const bytes = fc.oneof(
        fc.uint8Array({ maxLength: 40 }),
        fc
          .tuple(texts, fc.uint8Array({ maxLength: 2 }))
          .map(([text, other]) => Uint8Array.of(...encoder.encode(text), ...other)),
      );
      fc.assert(
        fc.property(bytes, (value) => {
          let expected: string | undefined;
          try {
            expected = strict.decode(value);
          } catch {
            expected = undefined;
          }
          expect(utf8.readUtf8(value, 0, value.length)).toBe(expected!);
        }),
      );
    });
  });
}
