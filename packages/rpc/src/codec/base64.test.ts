import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { fromBase64, toBase64 } from './base64.ts';

test('bytes become base64 and come back, in either alphabet', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
      const text = toBase64(bytes);
      expect(text).toBe(Buffer.from(bytes).toString('base64'));
      expect(fromBase64(text)).toEqual(bytes);
      expect(fromBase64(Buffer.from(bytes).toString('base64url'))).toEqual(bytes);
    }),
  );
});

test.each(['a', 'ab=', 'a===', '====', 'a b=', 'ab\n', 'ab*d', 'ab=c', 'abcd='])(
  '%p is none',
  (text) => {
    expect(fromBase64(text)).toBeUndefined();
  },
);
