import { setTimeout } from 'node:timers/promises';

/** Waits so many milliseconds, or until the signal aborts; which of the two, its owner looks. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  // Only an abort ends the timer early.
  await setTimeout(ms, undefined, { signal }).catch(() => undefined);
}
