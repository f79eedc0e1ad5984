import type { ProcessEnd } from './start-process.ts';

/** How a command ended, in words. */
export function showEnd(
  end: ProcessEnd,
  timeoutSeconds?: number,
): { readonly text: string; readonly isError: boolean } {
  const took = `${(end.durationMs / 1_000).toFixed(1)} s`;
  switch (end.endedBy) {
    case 'time-limit':
      return {
        text: `ended at the time limit of ${timeoutSeconds} s: give timeout_seconds up to 300, or use background`,
        isError: true,
      };
    case 'output-limit':
      return { text: `ended since it printed more than 256 MiB, after ${took}`, isError: true };
    case 'stop':
      return { text: `stopped after ${took}`, isError: false };
    case undefined:
      break;
  }
  if (end.signal !== undefined)
    return { text: `killed by ${end.signal} after ${took}`, isError: true };
  return { text: `exit code ${end.exitCode}, ${took}`, isError: end.exitCode !== 0 };
}
