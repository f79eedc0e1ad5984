import type { PeerLine } from '../peers/conversation.ts';
import { type Pair, type Peer, startPair } from '../peers/peer.ts';
import { must, type Scenario, type ScenarioContext } from '../scenario.ts';
import { faultTransports, type TransportName, transportNames } from '../transport-table.ts';

const churned: readonly TransportName[] = ['unix', 'http2', 'websocket'];
const calls = 1_000_000;
const streams = 100_000;
const connections = 10_000;
/** Where a connection costs a handshake of TLS. */
const secureConnections = 1_000;
const visitorsAbreast = 20;
/** The first statistics are taken after this part of the work, the last ones after all of it. */
const parts = 5;

/**
 * How much more resident memory a process may have after all of the work than after a fifth of it: the
 * collector's heap and the allocator's arenas breathe by this much. A leak of 50 bytes for each call
 * would be more.
 */
const maxGrowthMb = 40;
const maxGrowthShare = 0.2;
/** Deadlines that are not over yet, and the timers of connections. */
const maxMoreTimers = 10;

export const leaks: Scenario = {
  title: `nothing is left of ${calls} calls and ${streams} streams that end in all ways`,
  async run(context) {
    for (const transport of churned) {
      await flat(transport, context, calls + streams, async (pair, part, report) => {
        const share = { calls: calls / parts, streams: streams / parts, seed: part + 1 };
        const ends = await pair.client.ask('churn', share, context.minutes * 60_000);
        if (part === 0) report(`${transport}: ${JSON.stringify({ ...ends, id: undefined })}`);
      });
    }
  },
};

export const visits: Scenario = {
  title: `nothing is left of ${connections} connections that were opened and closed`,
  async run(context) {
    for (const transport of transportNames) {
      if (transport === 'connect') continue;
      const isSecure = faultTransports[transport].place === 'udp' || transport === 'http2-tls';
      const count = isSecure ? secureConnections : connections;
      await flat(transport, context, count, async ({ client }) => {
        const visit = { count: count / parts, abreast: visitorsAbreast };
        await client.ask('visits', visit, context.minutes * 60_000);
      });
    }
  },
};

/** Does all parts of the work, and compares both processes after the first part and after the last. */
async function flat(
  transport: TransportName,
  { tls, minutes, report }: ScenarioContext,
  count: number,
  work: (pair: Pair, part: number, report: (line: string) => void) => Promise<void>,
): Promise<void> {
  await using pair = await startPair({ transport, tls, limits: {} });
  const until = performance.now() + minutes * 60_000;
  const begun = performance.now();
  await work(pair, 0, report);
  const first = await both(pair);
  let part = 1;
  for (; part < parts && performance.now() < until; part++) await work(pair, part, report);
  const last = await both(pair);
  const done = (count * part) / parts;
  const seconds = ((performance.now() - begun) / 1_000).toFixed();
  for (const side of ['client', 'server'] as const) {
    const before = first[side];
    const after = last[side];
    const figures = `${transport}: after ${done / part} and ${done} the ${side} has ${show(before)} and ${show(after)}`;
    report(`${figures} (${seconds} s)`);
    const growthMb = Number(after.rssMb) - Number(before.rssMb);
    const mayGrowMb = Math.max(maxGrowthMb, Number(before.rssMb) * maxGrowthShare);
    must(growthMb <= mayGrowMb, `memory grew by ${growthMb.toFixed()} MB. ${figures}`);
    must(Number(after.descriptors) <= Number(before.descriptors), `descriptors leak. ${figures}`);
    must(Number(after.timers) <= Number(before.timers) + maxMoreTimers, `timers leak. ${figures}`);
  }
}

async function both({ client, server }: Pair): Promise<Record<'client' | 'server', PeerLine>> {
  await server.ask('running', { count: 0 });
  return { client: await settled(client), server: await settled(server) };
}

/** Some turns later, when what has ended is given back. */
async function settled(peer: Peer): Promise<PeerLine> {
  await Bun.sleep(500);
  return await peer.ask('statistics');
}

function show({ rssMb, descriptors, timers }: PeerLine): string {
  return `${Number(rssMb).toFixed(1)} MB, ${descriptors} descriptors, ${timers} timers`;
}
