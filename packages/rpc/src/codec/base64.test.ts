import { expect, test } from 'bun:test';
import fc from 'fast-check';
import * as native from './base64.ts';

/** As on platforms whose Uint8Array knows nothing of base64. */
async function importPortable(): Promise<typeof native> {
  const module = './base64.ts?portable';
  const bytesClass = Uint8Array as { fromBase64?: unknown };
  const prototype = Uint8Array.prototype as { toBase64?: unknown };
  const { fromBase64 } = bytesClass;
  const { toBase64 } = prototype;
  try {
    bytesClass.fromBase64 = undefined;
    prototype.toBase64 = undefined;
    return (await import(module)) as typeof native;
  } finally {
    bytesClass.fromBase64 = fromBase64;
    prototype.toBase64 = toBase64;
  }
}

const portable = await importPortable();

test('the two are not the same module', () => {
  expect(portable.toBase64).not.toBe(native.toBase64);
});

for (const { fromBase64, toBase64 } of [native, portable]) {
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
}
