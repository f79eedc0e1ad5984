import { afterEach, beforeEach, expect, jest, test } from 'bun:test';
import { Restarts } from './restarts.ts';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test('waits twice as long each time, ten seconds at most, and anew for one that has run well', () => {
  const clock = { ms: 0 };
  const restarts = new Restarts(() => clock.ms);
  const started: number[] = [];
  const fail = () => {
    restarts.started(1);
    return restarts.schedule(1, () => started.push(1));
  };
  const delays = Array.from({ length: 9 }, fail);
  expect(delays).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
  restarts.started(1);
  clock.ms += 30_000;
  expect(restarts.schedule(1, () => {})).toBe(100);
  // Another one has failures of its own.
  expect(restarts.schedule(2, () => {})).toBe(100);
  jest.advanceTimersByTime(100);
  expect(started).toEqual([1]);
  restarts.cancel();
  jest.advanceTimersByTime(20_000);
  expect(started).toEqual([1]);
});
