import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { isDeeperThan } from './json-depth.ts';

test('the depth is that of what is nested, however wide it is', () => {
  const depthOf = (value: unknown): number =>
    typeof value === 'object' && value !== null
      ? 1 + Math.max(0, ...Object.values(value).map(depthOf))
      : 0;
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 8 }), fc.integer({ min: 0, max: 10 }), (value, limit) => {
      expect(isDeeperThan(value, limit)).toBe(depthOf(value) > limit);
    }),
  );
});
