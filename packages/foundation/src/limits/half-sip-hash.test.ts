import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { halfSipHash } from './half-sip-hash.ts';

test('the same text has the same hash, however it was made', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat(), (text, cut) => {
      const built = text.slice(0, cut % 7) + text.slice(cut % 7);
      expect(halfSipHash(built, 1, 2)).toBe(halfSipHash(text, 1, 2));
    }),
  );
});

test('texts that differ in length, order or one bit alone fall apart', () => {
  const texts = [
    '',
    '\0',
    '\0\0',
    '\0\0\0',
    'a',
    'a\0',
    '\0a',
    'ab',
    'ba',
    'abc',
    'aĀb',
    'a\u0001b',
  ];
  expect(new Set(texts.map((text) => halfSipHash(text, 1, 2))).size).toBe(texts.length);
});

test('numbered names spread evenly over buckets, under any key', () => {
  for (const [key0, key1] of [
    [0, 0],
    [1, 2],
    [-1, 0x12345678],
  ] as const) {
    const counts = new Uint32Array(256);
    for (let i = 0; i < 25_600; i++) {
      const bucket = halfSipHash(`user-${i}`, key0, key1) & 255;
      counts[bucket] = (counts[bucket] ?? 0) + 1;
    }
    // 100 are expected; six standard deviations off is 40 to 160.
    expect(Math.min(...counts)).toBeGreaterThan(40);
    expect(Math.max(...counts)).toBeLessThan(160);
  }
});

test('each bit of a text and of the key changes half of the hash', () => {
  let flipped = 0;
  for (let bit = 0; bit < 16; bit++) {
    const text = `zk-${String.fromCharCode(0x41 ^ (1 << bit))}-end`;
    for (const other of [halfSipHash(text, 3, 4), halfSipHash('zk-A-end', 3 ^ (1 << bit), 4)]) {
      let difference = halfSipHash('zk-A-end', 3, 4) ^ other;
      for (; difference !== 0; difference &= difference - 1) flipped += 1;
    }
  }
  expect(flipped / 32).toBeGreaterThan(13);
  expect(flipped / 32).toBeLessThan(19);
});

test('no part of the work is left out: hashes are those of the reference rounds', () => {
  const hashes = ['', 'a', 'ab', 'abc'].map((text) => halfSipHash(text, 0x03020100, 0x07060504));
  expect(hashes).toEqual(['', 'a', 'ab', 'abc'].map(reference));
});

/** Word by word as the paper writes it, with unsigned numbers of any size. */
function reference(text: string): number {
  const mask = 0xffffffffn;
  const rotate = (value: bigint, by: bigint) => ((value << by) | (value >> (32n - by))) & mask;
  const [k0, k1] = [0x03020100n, 0x07060504n];
  let [v0, v1, v2, v3] = [k0, k1, 0x6c796765n ^ k0, 0x74656462n ^ k1];
  const round = () => {
    v0 = (v0 + v1) & mask;
    v1 = rotate(v1, 5n) ^ v0;
    v0 = rotate(v0, 16n);
    v2 = (v2 + v3) & mask;
    v3 = rotate(v3, 8n) ^ v2;
    v0 = (v0 + v3) & mask;
    v3 = rotate(v3, 7n) ^ v0;
    v2 = (v2 + v1) & mask;
    v1 = rotate(v1, 13n) ^ v2;
    v2 = rotate(v2, 16n);
  };
  const units = [...Array(text.length).keys()].map((i) => BigInt(text.charCodeAt(i)));
  const words: bigint[] = [];
  for (let i = 0; i + 1 < units.length; i += 2) {
    words.push((units[i] ?? 0n) | ((units[i + 1] ?? 0n) << 16n));
  }
  const left = units.length % 2 === 1 ? (units.at(-1) ?? 0n) : 0n;
  words.push(left | (BigInt(text.length) << 16n));
  for (const word of words) {
    v3 ^= word;
    round();
    v0 ^= word;
  }
  v2 ^= 0xffn;
  for (let i = 0; i < 3; i++) round();
  return Number(BigInt.asIntN(32, v1 ^ v3));
}
