import { expect, test } from 'bun:test';
import { TypingPace } from './typing-pace.ts';

/** How long is waited after many keys, `between` apart. */
function waitAfter(between: number, modelMs: number): number {
  const pace = new TypingPace();
  for (let key = 0; key < 50; key++) pace.note(key * between);
  return pace.waitMs(modelMs);
}

test('who types slower is waited for longer, and a slow model longer than a fast one', () => {
  expect([60, 120, 240].map((between) => waitAfter(between, 600))).toEqual([72, 144, 150]);
  expect([20, 100, 400, 3_000].map((modelMs) => waitAfter(120, modelMs))).toEqual([
    24, 25, 100, 144,
  ]);
});

test('the wait has bounds, and pauses say nothing of the speed', () => {
  expect(waitAfter(900, 60_000)).toBe(300);
  expect(waitAfter(1, 1)).toBe(15);
  const pace = new TypingPace();
  const before = pace.waitMs(10_000);
  for (let key = 0; key < 50; key++) pace.note(key * 5_000);
  expect(pace.waitMs(10_000)).toBe(before);
});
