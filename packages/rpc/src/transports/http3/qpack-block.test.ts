import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { huffmanEncode, huffmanLength } from '../http2/hpack/huffman.ts';
import { readQpackBlock } from './qpack-block.ts';
import { qpackStaticTable } from './qpack-static-table.ts';

function hex(text: string): Uint8Array {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

describe('a field section', () => {
  test('of RFC 9204, B.1: a literal with a name of the static table', () => {
    expect(readQpackBlock(hex('0000 510b 2f69 6e64 6578 2e68 746d 6c'))).toEqual({
      ':path': '/index.html',
    });
  });

  test('as a server of gRPC ends a call', () => {
    // What Bun 1.4.5 sends for grpc-status 0: the name in Huffman's code, the value as it is.
    expect(readQpackBlock(hex('0000 2f01 9aca c8b2 1234 da8f 0130'))).toEqual({
      'grpc-status': '0',
    });
  });

  test('with fields of the static table', () => {
    expect(readQpackBlock(hex('0000 d9 c0 ff23'))).toEqual({
      ':status': '200',
      ':authority': '',
      'x-frame-options': 'sameorigin',
    });
    expect(qpackStaticTable.length).toBe(99);
  });

  test('with names that come again', () => {
    expect(readQpackBlock(hex('0000 2161 0131 2161 0132 2161 0133'))).toEqual({
      a: ['1', '2', '3'],
    });
  });

  test('with a dynamic table, or cut off, is none', () => {
    expect(readQpackBlock(hex('0381 10'))).toBeUndefined();
    expect(readQpackBlock(hex('0000 80'))).toBeUndefined();
    expect(readQpackBlock(hex('0000 10'))).toBeUndefined();
    expect(readQpackBlock(hex('0000 ff40'))).toBeUndefined();
    expect(readQpackBlock(hex('0000 2161'))).toBeUndefined();
    expect(readQpackBlock(hex('0000 2fff ffff ffff ff'))).toBeUndefined();
    expect(readQpackBlock(hex(''))).toBeUndefined();
  });

  test('comes back as it was written, whatever it says', () => {
    const ascii = fc.string({ unit: fc.constantFrom(...'abcz019-%= ~'), maxLength: 200 });
    const name = ascii.filter((text) => text !== '' && text !== '__proto__');
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(name, ascii, fc.boolean()), { selector: ([key]) => key }),
        (all) => {
          const block = Buffer.concat([
            Uint8Array.of(0, 0),
            ...all.map(([key, value, coded]) => literal(key, value, coded)),
          ]);
          expect(readQpackBlock(block)).toEqual(
            Object.fromEntries(all.map(([key, value]) => [key, value])),
          );
        },
      ),
      { numRuns: 100 },
    );
  });

  test('of any bytes does no harm', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => void readQpackBlock(bytes)),
      {
        numRuns: 500,
      },
    );
  });
});

function literal(name: string, value: string, isCoded: boolean): Uint8Array {
  return Buffer.concat([text(name, 3, 0x20, isCoded), text(value, 7, 0, isCoded)]);
}

function text(value: string, prefixBits: number, pattern: number, isCoded: boolean): Uint8Array {
  const coded = new Uint8Array(huffmanLength(value));
  if (isCoded) huffmanEncode(value, coded, 0);
  const bytes = isCoded ? coded : Buffer.from(value);
  const mask = (1 << prefixBits) - 1;
  const first = pattern | (isCoded ? mask + 1 : 0);
  const length = [first | Math.min(bytes.length, mask)];
  if (bytes.length >= mask) {
    let rest = bytes.length - mask;
    for (; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest & 127) | 128);
    length.push(rest);
  }
  return Buffer.concat([Uint8Array.from(length), bytes]);
}
