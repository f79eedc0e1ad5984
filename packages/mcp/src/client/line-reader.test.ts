import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { LineReader } from './line-reader.ts';

test('lines come whole, however the bytes are cut', () => {
  const line = fc
    .string({ unit: 'grapheme', maxLength: 20 })
    .map((text) => text.replace(/\n/g, ''));
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.nat(40), { maxLength: 20 }), (lines, cuts) => {
      const bytes = new TextEncoder().encode(lines.map((each) => `${each}\n`).join(''));
      const reader = new LineReader(1_000);
      const read: string[] = [];
      let at = 0;
      for (const length of [...cuts, bytes.length]) {
        read.push(...reader.push(bytes.subarray(at, at + length)));
        at += length;
      }
      expect(read).toEqual(lines.map((each) => each.trim()).filter((each) => each !== ''));
    }),
  );
});

test('any bytes are lines, or too long', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), (chunks) => {
      const reader = new LineReader(64);
      try {
        for (const chunk of chunks) {
          for (const each of reader.push(chunk)) expect(each).not.toContain('\n');
        }
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    }),
  );
});
