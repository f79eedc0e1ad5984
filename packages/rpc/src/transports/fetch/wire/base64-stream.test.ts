import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { Base64Stream } from './base64-stream.ts';
import { toUnpaddedBase64 } from './unpadded-base64.ts';

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

test('parts that were encoded one by one come out as one, wherever the chunks are cut', () => {
  const parts = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 6 });
  fc.assert(
    fc.property(parts, fc.integer({ min: 1, max: 13 }), (bytes, chunkLength) => {
      const text = ascii(bytes.map((part) => Buffer.from(part).toString('base64')).join(''));
      const stream = new Base64Stream();
      const decoded: Uint8Array[] = [];
      for (let at = 0; at < text.length; at += chunkLength) {
        decoded.push(stream.decode(text.subarray(at, at + chunkLength)));
      }
      expect(Buffer.concat(decoded)).toEqual(Buffer.concat(bytes));
      expect(stream.isWhole).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('a text that is cut off is not whole', () => {
  for (const text of ['A', 'QU', 'QUI', 'QUJDR', 'QQ=']) {
    const stream = new Base64Stream();
    stream.decode(ascii(text));
    expect(stream.isWhole).toBe(false);
  }
});

test.each(['=', 'A=', '====', 'QQ=A', 'Q===', 'QU J', 'QUJ\n', 'QU-_', 'é', '\0\0\0\0'])(
  '%j is no base64',
  (text) => {
    expect(() => new Base64Stream().decode(ascii(text))).toThrow(
      'the body of application/grpc-web-text is not base64',
    );
  },
);

test('any bytes are decoded or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const stream = new Base64Stream();
      try {
        expect(stream.decode(bytes).length).toBeLessThanOrEqual(bytes.length);
      } catch (error) {
        expect((error as { code?: string }).code).toBe('invalid_argument');
      }
    }),
    { numRuns: 1_000 },
  );
});

test('base64 without padding', () => {
  expect(toUnpaddedBase64(Uint8Array.of())).toBe('');
  expect(toUnpaddedBase64(Uint8Array.of(0xff))).toBe('/w');
  expect(toUnpaddedBase64(Uint8Array.of(1, 2, 3))).toBe('AQID');
});
