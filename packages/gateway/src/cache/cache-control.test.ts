import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { readCacheControl } from './cache-control.ts';

const forever = Number.POSITIVE_INFINITY;

test.each<[string | null, boolean, number]>([
  [null, false, forever],
  ['', false, forever],
  ['no-store', true, forever],
  ['no-cache', false, 0],
  ['max-age=60', false, 60],
  ['Max-Age = "60" , NO-STORE', true, 60],
  ['max-age=60, max-age=5', false, 5],
  ['no-cache, max-age=60', false, 0],
  ['max-age', false, 0],
  ['max-age=-1', false, 0],
  ['max-age=1e3', false, 0],
  ['max-stale=3, only-if-cached, x=no-store', false, forever],
])('%p', (header, noStore, maxAgeS) => {
  expect(readCacheControl(header)).toEqual({ noStore, maxAgeS });
});

test('takes any text', () => {
  const piece = fc.oneof(
    fc.constantFrom('no-store', 'no-cache', 'max-age', '=', ',', '"', ' '),
    fc.string(),
    fc.nat().map(String),
  );
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const { maxAgeS, noStore } = readCacheControl(pieces.join(''));
      expect(typeof noStore).toBe('boolean');
      expect(maxAgeS).toBeGreaterThanOrEqual(0);
    }),
  );
});
