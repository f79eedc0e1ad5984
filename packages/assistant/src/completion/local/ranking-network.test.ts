import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { featureCount, hiddenCount, placeFeatureCount, scoreAll } from './ranking-network.ts';
import { weights } from './ranking-weights.ts';

test('there is a weight for everything', () => {
  expect(weights.direct).toHaveLength(featureCount);
  expect(weights.hidden).toHaveLength(featureCount * hiddenCount);
  expect(weights.bias).toHaveLength(hiddenCount);
  expect(weights.out).toHaveLength(hiddenCount);
});

test('candidates share all there is, in whatever order they come', () => {
  const features = (length: number) =>
    fc.array(fc.double({ min: -5, max: 3, noNaN: true }), { minLength: length, maxLength: length });
  const own = fc.array(features(featureCount - placeFeatureCount), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(own, features(placeFeatureCount), (owns, place) => {
      const candidates = owns.map((values) => [...values, ...place]);
      const shares = sharesOf(candidates);
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
      const reversed = sharesOf(candidates.toReversed()).toReversed();
      for (const [i, share] of shares.entries()) expect(reversed[i]).toBeCloseTo(share, 9);
    }),
  );
});

function sharesOf(candidates: readonly number[][]): Float64Array {
  const into = new Float64Array(candidates.length);
  scoreAll(Float32Array.from(candidates.flat()), candidates.length, into);
  return into;
}
