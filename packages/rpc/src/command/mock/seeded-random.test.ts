import { expect, test } from 'bun:test';
import { SeededRandom } from './seeded-random.ts';

test('the same parts of a seed give the same numbers; their border counts', () => {
  const first = (...seed: string[]): number => new SeededRandom(...seed).next();
  expect(first('a', 'bc')).toBe(first('a', 'bc'));
  expect(first('a', 'bc')).not.toBe(first('ab', 'c'));
});

test('numbers are spread over their whole range, both ends included', () => {
  const random = new SeededRandom('spread');
  const counts = new Map<number, number>();
  for (let i = 0; i < 10_000; i++) {
    const number = random.integer(-2, 2);
    counts.set(number, (counts.get(number) ?? 0) + 1);
  }
  expect([...counts.keys()].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2]);
  for (const count of counts.values()) expect(count).toBeGreaterThan(1_800);
});

test('a chance is as large as it says', () => {
  const random = new SeededRandom('chance');
  const hits = Array.from({ length: 10_000 }, () => random.chance(0.05)).filter(Boolean).length;
  expect(hits).toBeGreaterThan(400);
  expect(hits).toBeLessThan(600);
  expect(new SeededRandom('x').chance(0)).toBe(false);
  expect(new SeededRandom('x').chance(1)).toBe(true);
});

test('there is nothing to pick from an empty list', () => {
  expect(() => new SeededRandom('x').pick([])).toThrow(RangeError);
});
