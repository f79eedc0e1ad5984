import { expect, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { decrypt, encrypt, keyBytes } from './aes-gcm.ts';

const hex = (text: string) => Buffer.from(text, 'hex');
const longKey = 'feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308';
const longIv = 'cafebabefacedbaddecaf888';
const longPlain =
  'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255';
const longText =
  '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad';

/** Test cases 13 to 16 of the GCM specification that was submitted to NIST (McGrew and Viega). */
const vectors = [
  ['13', '00'.repeat(32), '00'.repeat(12), '', '', '', '530f8afbc74536b9a963b4f1c4cb738b'],
  [
    '14',
    '00'.repeat(32),
    '00'.repeat(12),
    '00'.repeat(16),
    '',
    'cea7403d4d606b6e074ec5d3baf39d18',
    'd0d1c8a799996bf0265b98b5d48ab919',
  ],
  ['15', longKey, longIv, longPlain, '', longText, 'b094dac5d93471bdec1a502270e3cc6c'],
  [
    '16',
    longKey,
    longIv,
    longPlain.slice(0, 120),
    'feedfacedeadbeeffeedfacedeadbeefabaddad2',
    longText.slice(0, 120),
    '76fc6ece0f4e1768cddf8853bb2d551b',
  ],
] as const;

test.each(vectors)('test case %s of the specification', (_, key, iv, plain, bound, text, tag) => {
  const sealed = hex(iv + text + tag);
  expect(decrypt(hex(key), sealed, hex(bound))?.toString('hex')).toBe(plain);
});

test('what is encrypted here, the platform decrypts elsewhere', async () => {
  const key = randomBytes(keyBytes);
  const bound = Buffer.from('name 1');
  const sealed = encrypt(key, Buffer.from('sk-1'), bound);
  const imported = await crypto.subtle.importKey('raw', new Uint8Array(key), 'AES-GCM', false, [
    'decrypt',
  ]);
  const algorithm = {
    name: 'AES-GCM',
    iv: new Uint8Array(sealed.subarray(0, 12)),
    additionalData: bound,
  };
  const text = new Uint8Array(sealed.subarray(12));
  const plain = await crypto.subtle.decrypt(algorithm, imported, text);
  expect(Buffer.from(plain).toString()).toBe('sk-1');
});

test('any text comes back, and not after any change', () => {
  const key = randomBytes(keyBytes);
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.uint8Array({ maxLength: 50 }),
      fc.nat(),
      fc.nat(7),
      (plain, bound, at, bit) => {
        const sealed = encrypt(key, plain, bound);
        expect(decrypt(key, sealed, bound)).toEqual(Buffer.from(plain));
        expect(decrypt(key, sealed, Buffer.concat([bound, Buffer.from('x')]))).toBeUndefined();
        expect(decrypt(key, sealed.subarray(0, at % sealed.length), bound)).toBeUndefined();
        const index = at % sealed.length;
        sealed[index] = (sealed[index] ?? 0) ^ (1 << bit);
        expect(decrypt(key, sealed, bound)).toBeUndefined();
      },
    ),
  );
});

test('two times the same text look different', () => {
  const key = randomBytes(keyBytes);
  const bound = Buffer.from('');
  expect(encrypt(key, bound, bound)).not.toEqual(encrypt(key, bound, bound));
});
