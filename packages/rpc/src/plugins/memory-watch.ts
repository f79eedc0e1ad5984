import { readFile } from 'node:fs/promises';
import type { Clock, Scheduled } from '../core/clock.ts';

const everyMs = 1_000;

/**
 * Looks every second at how much memory a process holds (`VmRSS` of `/proc/PID/status`), and calls
 * back once when it is more than it may. Does nothing where there is no `/proc`. The answer ends it.
 */
export function watchMemory(options: {
  readonly pid: number;
  readonly maxBytes: number;
  readonly clock: Clock;
  readonly onTooMuch: (bytes: number) => void;
}): () => void {
  const { pid, maxBytes, clock, onTooMuch } = options;
  let timer: Scheduled | undefined;
  let ended = false;
  const look = async (): Promise<void> => {
    const bytes = await residentBytes(pid);
    if (ended || bytes === undefined) return;
    if (bytes > maxBytes) onTooMuch(bytes);
    else timer = clock.schedule(everyMs, () => void look());
  };
  timer = clock.schedule(everyMs, () => void look());
  return () => {
    ended = true;
    timer?.cancel();
  };
}

/** What a process holds of memory; undefined when it is gone or the system does not say. */
export async function residentBytes(pid: number): Promise<number | undefined> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
  } catch {
    return undefined;
  }
}
