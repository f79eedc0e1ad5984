import { expect, test } from 'bun:test';
import { systemClock, wheelClock } from './clock.ts';

for (const [name, clock] of Object.entries({ systemClock, wheelClock })) {
  test(`${name}: a callback is called once its time has come, and the clock has moved that far`, async () => {
    const start = clock.now();
    await new Promise<void>((resolve) => clock.schedule(2, resolve));
    expect(clock.now()).toBeGreaterThan(start);
  });

  test(`${name}: a cancelled callback is not called`, async () => {
    const seen: string[] = [];
    const cancelled = clock.schedule(0, () => seen.push('cancelled'));
    cancelled.cancel();
    await new Promise<void>((resolve) => clock.schedule(1, resolve));
    expect(seen).toEqual([]);
  });
}

test('a delay longer than setTimeout takes does not fire at once', async () => {
  const seen: string[] = [];
  const far = systemClock.schedule(2 ** 31 + 5, () => seen.push('far'));
  await new Promise<void>((resolve) => systemClock.schedule(2, resolve));
  far.cancel();
  expect(seen).toEqual([]);
});
