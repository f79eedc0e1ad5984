import { expect, test } from 'bun:test';
import { pause } from './pause.ts';

test('a pause ends after its time, or with a signal', async () => {
  await pause(1);
  const controller = new AbortController();
  const long = pause(60_000, new AbortController().signal, controller.signal);
  controller.abort();
  expect(await long).toBeUndefined();
  expect(await pause(60_000, AbortSignal.abort())).toBeUndefined();
});
