import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { isDeeperThan, maxJsonDepth } from './json-depth.ts';
import { parseJsonObject } from './read-body.ts';

/** `{"a":[[…]]}` with so many levels. */
function nested(levels: number): string {
  return `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
}

test('a body as deep as the limit is read, a deeper one is refused', () => {
  expect(parseJsonObject(nested(maxJsonDepth))).toBeDefined();
  expect(() => parseJsonObject(nested(maxJsonDepth + 1))).toThrow(
    `the body is nested more than ${maxJsonDepth} levels deep`,
  );
});

test('a million levels are refused, and end nothing', () => {
  const objects = `${'{"a":'.repeat(1_000_000)}1${'}'.repeat(1_000_000)}`;
  for (const text of [nested(1_000_000), objects]) {
    expect(() => parseJsonObject(text)).toThrow(/nested more than|not valid JSON/);
  }
});

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
