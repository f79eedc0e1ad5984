import { expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Processes of a group that still run; those that only wait to be buried do not count. */
function running(group: number): number {
  const states = readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const [state, , pgrp] = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ');
      return Number(pgrp) === group && state !== 'Z' ? [state] : [];
    } catch {
      return [];
    }
  });
  return states.length;
}

async function groupOf(how: string): Promise<number> {
  const program = join(import.meta.dir, 'testing/guarded-program.ts');
  const child = Bun.spawn([process.execPath, program, how], { stdout: 'pipe', stderr: 'inherit' });
  const group = Number(await new Response(child.stdout).text());
  await child.exited;
  return group;
}

async function ended(group: number): Promise<void> {
  while (running(group) > 0) await Bun.sleep(5);
}

test.each(['kill', 'exit'])(
  'a group is gone with its program, also after %s',
  async (how) => {
    const group = await groupOf(how);
    expect(group).toBeGreaterThan(1);
    await ended(group);
  },
  20_000,
);

test('a group that was dropped is left alone', async () => {
  const [kept, killed] = await Promise.all([groupOf('drop'), groupOf('exit')]);
  await ended(killed);
  expect(running(kept)).toBeGreaterThan(0);
  process.kill(-kept, 'SIGKILL');
  await ended(kept);
}, 20_000);
