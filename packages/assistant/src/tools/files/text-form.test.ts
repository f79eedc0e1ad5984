import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { decodeText, encodeText, newTextForm, withLineEnds } from './text-form.ts';

const bytesOf = (...parts: (string | number[])[]): Uint8Array =>
  Buffer.concat(parts.map((part) => Buffer.from(part as string)));

test.each([
  ['UTF-8', bytesOf('a\né'), 'a\né', 'utf-8', false, '\n'],
  [
    'its mark',
    bytesOf([0xef, 0xbb, 0xbf], 'a\r\nb\r\nc\n'),
    'a\r\nb\r\nc\n',
    'utf-8',
    true,
    '\r\n',
  ],
  ['UTF-16', bytesOf([0xff, 0xfe, 0x61, 0, 0xac, 0x20]), 'a€', 'utf-16le', true, '\n'],
  [
    'UTF-16, the other way',
    bytesOf([0xfe, 0xff, 0, 0x61, 0x20, 0xac]),
    'a€',
    'utf-16be',
    true,
    '\n',
  ],
  ['Latin-1', bytesOf('caf', [0xe9, 0x80]), 'caf\u00e9\u0080', 'latin1', false, '\n'],
  ['nothing', bytesOf(''), '', 'utf-8', false, '\n'],
] as const)(
  '%s is read and written as it was',
  (_name, bytes, text, encoding, hasMark, lineEnd) => {
    const decoded = decodeText(bytes);
    expect(decoded).toEqual({ text, encoding, hasMark, lineEnd });
    expect(Buffer.from(encodeText(text, decoded!)).equals(bytes)).toBe(true);
  },
);

test('what has NUL bytes, or many control characters, is no text', () => {
  expect(decodeText(bytesOf('a', [0], 'b'))).toBeUndefined();
  expect(decodeText(bytesOf([0x1f, 0x8b, 8, 1, 2, 3, 0xff, 0xfe]))).toBeUndefined();
  expect(decodeText(bytesOf([0xff, 0xfe, 0x61]))).toMatchObject({ encoding: 'latin1' });
});

test('a character that Latin-1 does not have is refused', () => {
  const form = { ...newTextForm, encoding: 'latin1' } as const;
  expect(() => encodeText('10 €', form)).toThrow('"€" cannot be written: the file is not UTF-8');
});

test('lines end as they are told to', () => {
  expect(withLineEnds('a\nb\r\nc', '\r\n')).toBe('a\r\nb\r\nc');
  expect(withLineEnds('a\nb\r\nc', '\n')).toBe('a\nb\nc');
});

test('any bytes that are text come back to the last one', () => {
  const marked = fc.constantFrom<number[][]>([], [0xff, 0xfe], [0xfe, 0xff], [0xef, 0xbb, 0xbf]);
  const texts = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.uint8Array({ min: 32, maxLength: 60 }),
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(marked, texts, (mark, rest) => {
      const bytes = Buffer.concat([Uint8Array.from(mark), rest]);
      const decoded = decodeText(bytes);
      if (decoded === undefined) return;
      expect(Buffer.from(encodeText(decoded.text, decoded)).toHex()).toBe(bytes.toHex());
    }),
    { numRuns: 500 },
  );
});
