import { expect, test } from 'bun:test';
import { killSessions } from './testing/kill-sessions.ts';

test('sessions that are killed go on, and nothing is lost or done twice', async () => {
  const path = process.env.PATH ?? '';
  const report = await killSessions({ kills: 4, seed: 7, planLength: 4, path });
  expect(report.faults).toEqual([]);
  expect(report.kills).toBe(4);
  expect(report.results).toBeGreaterThanOrEqual(4);
}, 60_000);
