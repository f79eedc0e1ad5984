import { expect, test } from 'bun:test';
import { maxJsonDepth } from '@zeke/foundation';
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
