import { expect, test } from 'bun:test';
import { ProcessInterrupts } from './interrupts.ts';

test('the first interrupt asks, the second is no longer asked', () => {
  const interrupts = new ProcessInterrupts();
  expect(interrupts.signal.aborted).toBe(false);
  expect(interrupts.interrupt()).toBe(true);
  expect(interrupts.signal.reason).toMatchObject({ code: 'canceled', message: 'interrupted' });
  expect(interrupts.interrupt()).toBe(false);
});

test('within a scope the first interrupt ends that alone', async () => {
  const interrupts = new ProcessInterrupts();
  await interrupts.scope(async (signal) => {
    expect(interrupts.interrupt()).toBe(true);
    expect([signal.aborted, interrupts.signal.aborted]).toEqual([true, false]);
    expect(interrupts.interrupt()).toBe(true);
    expect(interrupts.signal.aborted).toBe(true);
  });
  expect(interrupts.interrupt()).toBe(false);
});
