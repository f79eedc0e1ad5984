import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { faultLimits } from '../fault-limits.ts';
import { heldCount } from '../held-calls.ts';
import { startPair } from '../peers/peer.ts';
import { must, type Scenario, type ScenarioContext, Skipped } from '../scenario.ts';
import type { TransportName } from '../transport-table.ts';
import { allEnd, reconnectMs } from './kill.ts';

/** Of Debian's package `libfaketime`, by architecture. */
const libraries = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map(
  (architecture) => `/usr/lib/${architecture}/faketime/libfaketime.so.1`,
);
const deadlineMs = 1_500;
/** A deadline may fire this much earlier than asked for, by the rounding of timers. */
const earlyMs = 20;
const slackMs = 2_000;

export const clock: Scenario = {
  title: "the clock of both sides' hosts jumps by hours, ahead and back",
  async run(context) {
    const library = libraries.find((path) => existsSync(path));
    if (library === undefined) throw new Skipped('the Debian package faketime is not installed');
    const folder = await mkdtemp(join(tmpdir(), 'zrpc-clock-'));
    try {
      const file = join(folder, 'offset');
      for (const name of context.transports) await jumpingClock(name, library, file, context);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

/** Deadlines come when they are due, silence is not seen where there is none, back-off ends. */
async function jumpingClock(
  name: TransportName,
  library: string,
  file: string,
  context: ScenarioContext,
): Promise<void> {
  const jump = (offset: string): Promise<void> => writeFile(file, offset);
  await jump('+0');
  await using pair = await startPair({
    transport: name,
    tls: context.tls,
    limits: faultLimits,
    env: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
  });
  const { server, client } = pair;
  await client.ask('hold');
  const heldAt = performance.now();
  await client.ask('hold', { timeoutMs: deadlineMs });
  await server.ask('running', { count: 2 * heldCount });
  await jump('+2h');
  const { dateMs } = await client.ask('statistics');
  must(Number(dateMs) - Date.now() > 3_600_000, `${name}: the clock of the client did not jump`);
  await client.ask('echo', { withinMs: reconnectMs });
  await jump('-2h');
  await allEnd(client, 'deadline_exceeded', deadlineMs + slackMs);
  const endMs = performance.now() - heldAt;
  must(endMs >= deadlineMs - earlyMs, `${name}: ${deadlineMs} ms were over after ${endMs} ms`);
  await jump('+1h');
  await Bun.sleep(deadlineMs);
  await server.ask('running', { count: heldCount });
  server.signal('SIGKILL');
  await client.ask('fail', { timeoutMs: deadlineMs });
  await jump('-2h');
  await pair.again('serve');
  await client.ask('echo', { withinMs: reconnectMs });
  context.report(`${name}: deadlines of ${deadlineMs} ms ended calls after ${endMs.toFixed()} ms`);
}
