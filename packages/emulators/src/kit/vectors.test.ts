import { expect, test } from 'bun:test';
import { embeddingOf } from './vectors.ts';

const similarity = (a: string, b: string) => {
  const [one, other] = [embeddingOf(a, 512), embeddingOf(b, 512)];
  return one.reduce((sum, value, i) => sum + value * (other[i] ?? 0), 0);
};

test('a text has one vector of length 1, near to those of the same words, far from others', () => {
  expect(embeddingOf('hello', 64)).toEqual(embeddingOf('hello', 64));
  expect(Math.hypot(...embeddingOf('', 64))).toBeCloseTo(1);
  expect(similarity('the red house', 'The red house!')).toBeGreaterThan(0.95);
  expect(similarity('the red house', 'the red house')).toBeCloseTo(1);
  expect(Math.abs(similarity('the red house', 'some green trees'))).toBeLessThan(0.3);
});
