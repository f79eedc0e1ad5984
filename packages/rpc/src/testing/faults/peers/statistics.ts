import { readdirSync, readFileSync } from 'node:fs';
import { timerWheel } from '../../../core/timer-wheel.ts';
import type { PeerStatistics } from './conversation.ts';

/** Of this process, after all garbage has been collected. */
export function statistics(): PeerStatistics {
  Bun.gc(true);
  return {
    rssMb: process.memoryUsage.rss() / 1e6,
    descriptors: descriptorsOf('self'),
    timers: timerWheel.size,
    dateMs: Date.now(),
  };
}

/** The file descriptors that a process has open, by its id. */
export function descriptorsOf(pid: number | 'self'): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** The resident memory of a process, by its id, in MB. */
export function residentMbOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1_000;
}

/** The processor time that a process has used, by its id, in milliseconds: proc(5), utime and stime. */
export function processorMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}

/** Of `sysconf(_SC_CLK_TCK)`, which is 100 wherever Linux runs. */
const tickMs = 10;
