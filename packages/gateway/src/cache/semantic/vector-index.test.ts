import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { VectorIndex } from './vector-index.ts';

const roomy = { maxEntries: 1_000, maxBytes: 1e9 };

const cosine = (a: readonly number[], b: readonly number[]) => {
  const dot = a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
  return dot / (Math.hypot(...a) * Math.hypot(...b));
};

describe('an index of vectors', () => {
  test('finds the nearest of a partition, whatever their lengths', () => {
    const index = new VectorIndex(roomy);
    index.add('p', 'right', [10, 0]);
    index.add('p', 'up', [0, 0.1]);
    index.add('other', 'same', [3, 3]);
    expect(index.nearest('p', [5, 4], 0.7)).toMatchObject({ key: 'right' });
    expect(index.nearest('p', [4, 5], 0.7)?.key).toBe('up');
    expect(index.nearest('p', [5, 5], 0.9)).toBeUndefined();
    expect(index.nearest('none', [1, 0], 0)).toBeUndefined();
    expect(index.nearest('p', [1, 0, 0], 0)).toBeUndefined();
    expect(index.nearest('p', [2, 0], 1)).toEqual({ key: 'right', similarity: 1 });
  });

  test('is as right as the definition, for any vectors', () => {
    const vector = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 37, maxLength: 37 });
    const notNull = vector.filter((values) => values.some((value) => value !== 0));
    fc.assert(
      fc.property(
        fc.array(notNull, { minLength: 1, maxLength: 20 }),
        notNull,
        fc.double({ min: -1, max: 1, noNaN: true }),
        (vectors, asked, threshold) => {
          const index = new VectorIndex(roomy);
          for (const [i, each] of vectors.entries()) index.add('p', String(i), each);
          const best = Math.max(...vectors.map((each) => cosine(each, asked)));
          const found = index.nearest('p', asked, threshold);
          if (Math.abs(best - threshold) < 1e-5) return;
          if (best < threshold) expect(found).toBeUndefined();
          else {
            expect(found?.similarity).toBeCloseTo(best, 5);
            expect(cosine(vectors[Number(found?.key)] ?? [], asked)).toBeCloseTo(best, 5);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  test('keeps what it can, the newest, and forgets what is removed', () => {
    const index = new VectorIndex({ maxEntries: 3, maxBytes: 1e9 });
    for (const key of ['a', 'b', 'c', 'd']) index.add('p', key, [1, key.charCodeAt(0)]);
    expect(index.stats.entries).toBe(3);
    expect(index.nearest('p', [1, 97], 0.9999999)?.key).not.toBe('a');
    index.remove('d');
    index.remove('d');
    expect(index.stats.entries).toBe(2);
    const { bytes } = index.stats;
    index.resize({ maxEntries: 3, maxBytes: bytes - 1 });
    expect(index.stats.entries).toBe(1);
    index.add('p', 'c', [0, 1]);
    expect(index.stats.entries).toBe(1);
    index.clear();
    expect(index.stats).toEqual({ entries: 0, bytes: 0 });
  });

  test.each([[[0, 0]], [[Number.NaN, 1]], [[Number.POSITIVE_INFINITY, 1]], [[]]])(
    'takes no vector without a direction: %p',
    (vector: number[]) => {
      const index = new VectorIndex(roomy);
      index.add('p', 'x', vector);
      expect(index.stats.entries).toBe(0);
      index.add('p', 'y', [1, 1]);
      expect(index.nearest('p', vector, -1)).toBeUndefined();
    },
  );
});
