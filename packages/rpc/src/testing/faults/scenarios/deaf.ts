import type { MethodInfo } from '../../../core/method.ts';
import { Notes } from '../../note-service.ts';
import { faultLimits } from '../fault-limits.ts';
import { DeafClient, DeafServer } from '../hostile/deaf-peers.ts';
import { dialectOf } from '../hostile/dialect.ts';
import { type Pair, Peer, startPair } from '../peers/peer.ts';
import { must, type Scenario, type ScenarioContext } from '../scenario.ts';
import { freePlace, type TransportName } from '../transport-table.ts';

/** Those whose bytes can be said by hand. */
const transports: readonly TransportName[] = ['unix', 'websocket', 'http2', 'http2-unix'];

/**
 * What a process may grow by: the limits of a connection (`maxQueuedBytes` and its windows), and what
 * the collector has not taken back.
 */
const { echo, list } = Notes.methods as Record<'echo' | 'list', MethodInfo>;

const maxGrowthMb = 100;
const attackMs = 5_000;
const streams = 100;
/** For a peer that behaves, while another does not. */
const politeMs = 2_000;

export const deaf: Scenario = {
  title: 'peers that never read: memory is bounded, others are served, deadlines fire',
  async run(context) {
    const wanted = transports.filter((name) => context.transports.includes(name));
    for (const name of wanted) {
      await deafClients(name, context);
      await deafServer(name, context);
    }
  },
};

async function deafClients(name: TransportName, context: ScenarioContext): Promise<void> {
  await using pair = await startPair({ transport: name, tls: context.tls, limits: {} });
  const before = await memoryOf(pair.server);
  const streaming = await attack(
    pair,
    name,
    'asks for streams without end',
    async (client, call) => {
      for (let i = 0; i < streams; i++) {
        const request = { number: 0, payload: new Uint8Array(10_000) };
        await client.send(call(list, request), attackMs);
      }
      await Bun.sleep(attackMs);
    },
  );
  const asking = await attack(pair, name, 'asks again and again', async (client, call) => {
    const until = performance.now() + attackMs;
    const request = { payload: new Uint8Array(1_000) };
    while (performance.now() < until) {
      if (!(await client.send(call(echo, request), attackMs))) return;
    }
  });
  const growth = (await memoryOf(pair.server)) - before;
  context.report(
    `${name}: a server grew by ${streaming.toFixed()} and ${asking.toFixed()} MB while clients did not read, ${growth.toFixed()} MB stayed`,
  );
}

/** Lets a deaf client attack, while another goes on calling: how much the server grew, in MB. */
async function attack(
  { server, client }: Pair,
  name: TransportName,
  what: string,
  run: (deaf: DeafClient, call: ReturnType<typeof dialectOf>['call']) => Promise<void>,
): Promise<number> {
  const before = await memoryOf(server);
  const deafClient = await DeafClient.connect(server.setup.place);
  const dialect = dialectOf(name);
  await deafClient.send(dialect.clientHello(), attackMs);
  let isOver = false;
  const attacking = run(deafClient, dialect.call.bind(dialect)).finally(() => {
    isOver = true;
  });
  let most = 0;
  while (!isOver) {
    await client.ask('echo', { withinMs: politeMs });
    most = Math.max(most, server.residentMb - before);
    must(most < maxGrowthMb, `${name}: a client that ${what} made the server grow by ${most} MB`);
    await Bun.sleep(20);
  }
  await attacking;
  deafClient.close();
  await server.ask('running', { count: 0 }, politeMs);
  return most;
}

/** The client's calls end by their deadlines, though its server is alive. */
async function deafServer(name: TransportName, { tls, report }: ScenarioContext): Promise<void> {
  const place = await freePlace(name);
  await using _server = await DeafServer.listen(place, () => dialectOf(name));
  await using client = await Peer.start('call', {
    transport: name,
    place,
    tls,
    limits: faultLimits,
  });
  const before = await memoryOf(client);
  const { ends, latestMs } = await client.ask('flood', { forMs: attackMs });
  const codes = Object.keys(ends as object);
  must(codes.includes('deadline_exceeded'), `${name}: calls ended as ${codes.join(', ')}`);
  must(!codes.includes('thrown') && !codes.includes('ok'), `${name}: ended as ${codes.join(', ')}`);
  const growth = client.residentMb - before;
  must(
    growth < maxGrowthMb,
    `${name}: a server that does not read made the client grow by ${growth} MB`,
  );
  report(
    `${name}: a client of a server that does not read grew by ${growth.toFixed()} MB; its calls ended as ${JSON.stringify(ends)}, at most ${Number(latestMs).toFixed()} ms late`,
  );
}

async function memoryOf(peer: Peer): Promise<number> {
  await peer.ask('statistics');
  return peer.residentMb;
}
