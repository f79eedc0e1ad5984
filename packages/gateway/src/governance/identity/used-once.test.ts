import { expect, test } from 'bun:test';
import { UsedOnce } from './used-once.ts';

test('what is used is refused until its time is over', () => {
  const used = new UsedOnce();
  expect(used.take('a', 10, 0)).toBe(true);
  expect(used.take('a', 10, 9)).toBe(false);
  expect(used.take('b', 20, 9)).toBe(true);
  expect(used.take('a', 30, 10)).toBe(true);
  expect(used.take('b', 30, 10)).toBe(false);
});

test('of too many the oldest are forgotten', () => {
  const used = new UsedOnce(2);
  for (const id of ['a', 'b', 'c']) expect(used.take(id, 100, 0)).toBe(true);
  expect(used.take('c', 100, 0)).toBe(false);
  expect(used.take('a', 100, 0)).toBe(true);
});
