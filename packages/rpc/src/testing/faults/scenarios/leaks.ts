import type { PeerLine } from '../peers/conversation.ts';
import { type Pair, type Peer, startPair } from '../peers/peer.ts';
import { must, type Scenario, type ScenarioContext } from '../scenario.ts';
import { faultTransports, type TransportName } from '../transport-table.ts';

const calls = 1_000_000;
const streams = 200_000;
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
    const table = new LeakTable('calls and streams', context);
    for (const transport of context.transports) {
      const ends: PeerLine[] = [];
      await flat(transport, context, table, calls + streams, async ({ client }, part) => {
        const share = { calls: calls / parts, streams: streams / parts, seed: part + 1 };
        ends.push(await client.ask('churn', share, context.minutes * 60_000));
      });
      context.report(`  of the first: ${JSON.stringify({ ...ends[0], id: undefined })}`);
    }
  },
};

export const visits: Scenario = {
  title: `nothing is left of ${connections} connections that were opened and closed`,
  async run(context) {
    const table = new LeakTable('connections', context);
    for (const transport of context.transports) {
      if (transport === 'connect') continue;
      const isSecure = faultTransports[transport].place === 'udp' || transport === 'http2-tls';
      const count = isSecure ? secureConnections : connections;
      await flat(transport, context, table, count, async ({ client }) => {
        const visit = { count: count / parts, abreast: visitorsAbreast };
        await client.ask('visits', visit, context.minutes * 60_000);
      });
    }
  },
};

/** Does all parts of the work, and compares both processes after the first part and after the last. */
async function flat(
  transport: TransportName,
  { tls, minutes }: ScenarioContext,
  table: LeakTable,
  count: number,
  work: (pair: Pair, part: number) => Promise<void>,
): Promise<void> {
  await using pair = await startPair({ transport, tls, limits: {} });
  const until = performance.now() + minutes * 60_000;
  const begun = performance.now();
  await work(pair, 0);
  const first = await both(pair);
  let part = 1;
  for (; part < parts && performance.now() < until; part++) await work(pair, part);
  const last = await both(pair);
  table.row(transport, (count * part) / parts, performance.now() - begun, first, last);
  for (const side of ['client', 'server'] as const) {
    const before = first[side];
    const after = last[side];
    const growthMb = Number(after.rssMb) - Number(before.rssMb);
    const mayGrowMb = Math.max(maxGrowthMb, Number(before.rssMb) * maxGrowthShare);
    const where = `${transport}, ${side}`;
    must(growthMb <= mayGrowMb, `${where}: memory grew by ${growthMb.toFixed()} MB`);
    must(Number(after.descriptors) <= Number(before.descriptors), `${where}: descriptors leak`);
    must(Number(after.timers) <= Number(before.timers) + maxMoreTimers, `${where}: timers leak`);
  }
  must(part === parts, `${transport}: only ${part} of ${parts} parts were done in ${minutes} min`);
}

/** What both processes have after the first part of the work and after all of it. */
class LeakTable {
  readonly #report: (line: string) => void;

  constructor(what: string, { report }: ScenarioContext) {
    this.#report = report;
    this.#line([
      'transport',
      what,
      's',
      'each s',
      'client MB',
      'server MB',
      'descriptors',
      'timers',
    ]);
  }

  row(transport: string, count: number, tookMs: number, first: PeerLines, last: PeerLines): void {
    const seconds = tookMs / 1_000;
    this.#line([
      transport,
      String(count),
      seconds.toFixed(),
      (count / seconds).toFixed(),
      ...(['client', 'server'] as const).map(
        (side) =>
          `${Number(first[side].rssMb).toFixed(1)} → ${Number(last[side].rssMb).toFixed(1)}`,
      ),
      ...(['descriptors', 'timers'] as const).map((what) =>
        (['client', 'server'] as const)
          .map((side) => `${first[side][what]} → ${last[side][what]}`)
          .join(', '),
      ),
    ]);
  }

  #line(cells: readonly string[]): void {
    this.#report(
      cells
        .map((cell, i) => cell.padEnd(columnWidths[i] ?? 0))
        .join(' ')
        .trimEnd(),
    );
  }
}

const columnWidths: readonly number[] = [14, 18, 5, 8, 15, 15, 18];

type PeerLines = Readonly<Record<'client' | 'server', PeerLine>>;

async function both({ client, server }: Pair): Promise<PeerLines> {
  await server.ask('running', { count: 0 });
  return { client: await settled(client), server: await settled(server) };
}

/** Some turns later, when what has ended is given back. */
async function settled(peer: Peer): Promise<PeerLine> {
  await Bun.sleep(500);
  return await peer.ask('statistics');
}
