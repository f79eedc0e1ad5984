import { Peer } from '../peers/peer.ts';
import { must, type Scenario, type ScenarioContext } from '../scenario.ts';
import { freePlace, type TransportName } from '../transport-table.ts';

const transports: readonly TransportName[] = ['unix', 'http2'];
/** Of a server's process with 10,000 idle connections: the promise of the library. */
const maxMb = 100;
const perServer = 10_000;
/** All together, over three processes. */
const manyConnections = 50_000;
const manyServers = 3;
/** For connections that never idle out while they are counted. */
const limits = { maxConnections: 65_536, idleTimeoutMs: 0, keepaliveIntervalMs: 0 };
/** For a process to have open as many descriptors as it may. */
const manyDescriptors = ['sh', '-c', 'ulimit -S -n "$(ulimit -H -n)" && exec "$@"', 'sh'] as const;
/** One process of clients opens at most so many. */
const perClient = 5_000;
const openMs = 300_000;

export const idle: Scenario = {
  title: `${perServer} idle connections in less than ${maxMb} MB; ${manyConnections} over ${manyServers} processes`,
  async run(context) {
    for (const name of transports) await idleConnections(name, 1, perServer, context);
    for (const name of transports)
      await idleConnections(name, manyServers, manyConnections, context);
  },
};

/** Opens the connections, each with one call, and measures the servers. */
async function idleConnections(
  transport: TransportName,
  servers: number,
  connections: number,
  { tls, report }: ScenarioContext,
): Promise<void> {
  await using processes = new AsyncDisposableStack();
  const measured = await Promise.all(
    Array.from({ length: servers }, async () => {
      const place = await freePlace(transport);
      const options = { transport, place, tls, limits, wrapper: manyDescriptors };
      const server = processes.use(await Peer.start('serve', options));
      const { rssMb: before } = await server.ask('statistics');
      for (let left = Math.ceil(connections / servers); left > 0; left -= perClient) {
        const client = processes.use(await Peer.start('call', options));
        await client.ask('connections', { count: Math.min(left, perClient) }, openMs);
      }
      const { rssMb, descriptors } = await server.ask('statistics');
      return { before: Number(before), rssMb: Number(rssMb), descriptors: Number(descriptors) };
    }),
  );
  const open = measured.reduce((sum, { descriptors }) => sum + descriptors, 0);
  must(open >= connections, `${transport}: only ${open} of ${connections} connections are open`);
  for (const { before, rssMb, descriptors } of measured) {
    const each = ((rssMb - before) * 1_000) / descriptors;
    const figures = `${rssMb.toFixed()} MB with ${descriptors} descriptors, ${before.toFixed()} MB before: ${each.toFixed(1)} KB each`;
    report(`${transport}: ${figures}`);
    must(rssMb < maxMb * Math.max(1, descriptors / perServer), `${transport}: ${figures}`);
  }
}
