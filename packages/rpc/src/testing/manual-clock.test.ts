import { expect, test } from 'bun:test';
import { ManualClock } from './manual-clock.ts';

test('callbacks come in the order of their time, then of their scheduling', () => {
  const clock = new ManualClock(100);
  const seen: string[] = [];
  clock.schedule(20, () => seen.push(`b at ${clock.now()}`));
  clock.schedule(10, () => seen.push(`a at ${clock.now()}`));
  clock.schedule(20, () => seen.push(`c at ${clock.now()}`));
  clock.advance(19);
  expect(seen).toEqual(['a at 110']);
  clock.advance(1);
  expect(seen).toEqual(['a at 110', 'b at 120', 'c at 120']);
  expect(clock.pending).toBe(0);
});

test('what a callback schedules within the span is called, a cancelled one is not', () => {
  const clock = new ManualClock();
  const seen: number[] = [];
  const cancelled = clock.schedule(6, () => seen.push(-1));
  clock.schedule(5, () => {
    seen.push(clock.now());
    cancelled.cancel();
    clock.schedule(3, () => seen.push(clock.now()));
  });
  expect(clock.nextDelayMs).toBe(5);
  clock.advance(10);
  expect(seen).toEqual([5, 8]);
  expect(clock.now()).toBe(10);
  expect(clock.nextDelayMs).toBeUndefined();
});
