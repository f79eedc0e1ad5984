import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { programServer, testHub, textOf } from './testing/hub-fixture.ts';

/** One that only waits to be buried does not run. */
function isRunning(pid: number): boolean {
  try {
    const state = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '')[0];
    return state !== 'Z';
  } catch {
    return false;
  }
}

async function ended(...pids: readonly number[]): Promise<void> {
  while (pids.some(isRunning)) await Bun.sleep(5);
}

function pidsIn(log: string): number[] {
  const pids = /group (\d+) helper (\d+)/.exec(log)?.slice(1).map(Number) ?? [];
  expect(pids).toHaveLength(2);
  return pids;
}

test('a stubborn program and its helpers end with the hub', async () => {
  const server = programServer('stubborn', 'stubborn-program.ts', [], { protocol: 'sessions' });
  let pids: number[];
  {
    await using hub = testHub([server]);
    await hub.loadTools();
    pids = pidsIn(hub.log('stubborn'));
    expect(pids.every(isRunning)).toBe(true);
  }
  await ended(...pids);
}, 20_000);

test('and with a process that is killed without a word', async () => {
  const program = join(import.meta.dir, 'testing/hub-program.ts');
  const child = Bun.spawn([process.execPath, program], { stdout: 'pipe', stderr: 'inherit' });
  const pids = pidsIn(await child.stdout.text());
  expect(await child.exited).not.toBe(0);
  await ended(...pids);
}, 20_000);

test('a connection without calls is closed after a while, and opened on need', async () => {
  await using hub = testHub([programServer('one', 'fixture-program.ts', ['modern'])], {
    idleTimeoutMs: 50,
  });
  await hub.loadTools();
  while (hub.servers()[0]?.status !== 'idle') await Bun.sleep(5);
  expect(hub.tools().length).toBeGreaterThan(5);
  expect(textOf(await hub.callTool('one__echo', { text: 'hi' }))).toBe('hi');
});

test('a server that fails is tried at growing intervals, then only when a person asks', async () => {
  let now = 0;
  const server = programServer('bad', 'hostile-program.ts', ['ends at once'], {
    protocol: 'sessions',
    command: '/bin/false',
  });
  await using hub = testHub([server], { now: () => now });
  const reason = () => hub.connect('bad').catch((error: Error) => error.message);
  await hub.loadTools();
  // The second try is made at once, the third has to wait.
  await hub.loadTools();
  const call = () => hub.offers('bad').catch((error: Error) => error.message);
  expect(await call()).toContain('it is not tried again at once; zeke mcp test bad does');
  now += 1_000;
  expect(await call()).not.toContain('not tried again');
  for (let failures = 3; failures < 8; failures += 1) {
    now += 60_000;
    await hub.loadTools();
  }
  now += 10_000_000;
  expect(await call()).toContain('not tried again');
  expect(await reason()).toContain('the program ended with code 1');
});

test('servers that stay as they are stay connected, others go', async () => {
  const one = programServer('one', 'fixture-program.ts', ['modern']);
  const two = programServer('two', 'fixture-program.ts', ['modern']);
  await using hub = testHub([one, two]);
  await hub.loadTools();
  await hub.configure([programServer('one', 'fixture-program.ts', ['modern'])]);
  expect(hub.servers()).toMatchObject([{ name: 'one', status: 'ready' }]);
  await expect(hub.offers('two')).rejects.toThrow('no MCP server called two; there are: one');
  const disabled = programServer('one', 'fixture-program.ts', ['modern'], { enabled: false });
  await hub.configure([disabled]);
  await expect(hub.offers('one')).rejects.toMatchObject({ code: 'failed_precondition' });
  expect(await hub.loadTools()).toEqual([]);
});

test.each(['modern', 'legacy'])('a resource is watched (%s)', async (era) => {
  await using hub = testHub([programServer('one', 'fixture-program.ts', [era])]);
  await hub.loadTools();
  const changed = Promise.withResolvers<void>();
  const leave = await hub.watchResource('one', 'note://one', () => changed.resolve());
  await hub.callTool('one__touch', {});
  await changed.promise;
  await leave();
});
