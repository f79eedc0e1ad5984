import { expect, test } from 'bun:test';
import { systemClock } from './clock.ts';

test('a callback is called once its time has come, and the clock has moved that far', async () => {
  const start = systemClock.now();
  await new Promise<void>((resolve) => systemClock.schedule(2, resolve));
  expect(systemClock.now()).toBeGreaterThan(start);
});

test('a cancelled callback is not called', async () => {
  const seen: string[] = [];
  const cancelled = systemClock.schedule(0, () => seen.push('cancelled'));
  cancelled.cancel();
  await new Promise<void>((resolve) => systemClock.schedule(1, resolve));
  expect(seen).toEqual([]);
});

test('a delay longer than setTimeout takes does not fire at once', async () => {
  const seen: string[] = [];
  const far = systemClock.schedule(2 ** 31 + 5, () => seen.push('far'));
  await new Promise<void>((resolve) => systemClock.schedule(2, resolve));
  far.cancel();
  expect(seen).toEqual([]);
});
