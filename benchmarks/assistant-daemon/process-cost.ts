import { readFile } from 'node:fs/promises';

/** Processor time so far of all threads of a process, from `/proc` (proc_pid_stat(5)): hundredths of a second. */
export async function ticksOf(process: number): Promise<number> {
  const stat = await readFile(`/proc/${process}/stat`, 'utf8');
  const fields = stat.split(') ')[1]?.split(' ') ?? [];
  return Number(fields[11]) + Number(fields[12]);
}

/** What is resident of a process now, and was at most, in MB. */
export async function residentOf(process: number): Promise<{ now: number; most: number }> {
  const status = await readFile(`/proc/${process}/status`, 'utf8');
  const mb = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / 1_024;
  return { now: mb('VmRSS'), most: mb('VmHWM') };
}

/** Collections of garbage follow work by up to half a minute. */
const looks = 3;
const lookMs = 10_000;

/** Resolves when the process has hardly worked for half a minute, or after `limitMs`. */
export async function atRest(process: number, limitMs: number): Promise<void> {
  const endsAt = performance.now() + limitMs;
  let quiet = 0;
  while (quiet < looks && performance.now() < endsAt) {
    const before = await ticksOf(process);
    await Bun.sleep(lookMs);
    quiet = (await ticksOf(process)) - before <= 1 ? quiet + 1 : 0;
  }
}
