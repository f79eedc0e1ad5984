import { expect, test } from 'bun:test';
import { pause } from './pause.ts';

test('a pause ends after its time, or with its signal', async () => {
  const controller = new AbortController();
  await pause(1, controller.signal);
  expect(controller.signal.aborted).toBe(false);
  const long = pause(60_000, controller.signal);
  controller.abort();
  expect(await long).toBeUndefined();
  expect(await pause(60_000, controller.signal)).toBeUndefined();
});
