import { expect, test } from 'bun:test';
import { HeldClock } from './held-clock.ts';

test('stands still while it is stopped, and is not read then', () => {
  let reads = 0;
  const clock = new HeldClock(() => ++reads);
  expect(clock.now()).toBe(1);
  clock.stop();
  expect([clock.now(), clock.now()]).toEqual([2, 2]);
  expect(reads).toBe(2);
  clock.goOn();
  expect(clock.now()).toBe(3);
});
