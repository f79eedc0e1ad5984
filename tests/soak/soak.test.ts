import { expect, test } from 'bun:test';
import { soak } from './soak.ts';

/** Starting and ending a process takes seconds where the machine is busy. */
const timeoutMs = 90_000;
const minutes = 0.1;

test(
  'some seconds of all traffic over failing providers: no wrong answer, no lost row, no overspend',
  async () => {
    const report = await soak({ minutes, clients: 8, seed: 4 });
    expect(report.outcomes.wrong).toEqual([]);
    expect(report.missing).toEqual([]);
    expect(report.rows).toBeGreaterThanOrEqual(report.asked);
    expect(report.spent).toBeGreaterThan(0);
    expect(report.spent).toBeLessThanOrEqual(report.budget);
    expect(report.exitCode).toBe(0);
  },
  timeoutMs,
);
