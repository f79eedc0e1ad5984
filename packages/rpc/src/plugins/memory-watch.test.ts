import { expect, test } from 'bun:test';
import { ManualClock } from '../testing/manual-clock.ts';
import { residentBytes, watchMemory } from './memory-watch.ts';

test('the memory of a process is known; of none it is not', async () => {
  expect(await residentBytes(process.pid)).toBeGreaterThan(1024 * 1024);
  expect(await residentBytes(2 ** 30)).toBeUndefined();
});

test('too much memory is told once, when it is looked at', async () => {
  const clock = new ManualClock();
  const told = Promise.withResolvers<number>();
  watchMemory({ pid: process.pid, maxBytes: 1, clock, onTooMuch: told.resolve });
  clock.advance(1_000);
  expect(await told.promise).toBeGreaterThan(1);
  expect(clock.pending).toBe(0);
});

test('a watch that has ended looks no more', () => {
  const clock = new ManualClock();
  const stop = watchMemory({ pid: process.pid, maxBytes: 1, clock, onTooMuch() {} });
  stop();
  expect(clock.pending).toBe(0);
});
