import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { addressOf } from '../hostile/deaf-peers.ts';
import { startPair } from '../peers/peer.ts';
import { must, type Scenario, type ScenarioContext } from '../scenario.ts';
import { faultTransports, type TransportName } from '../transport-table.ts';
import { reconnectMs } from './kill.ts';

const fewDescriptors = 80;
const limited = ['sh', '-c', `ulimit -n ${fewDescriptors} && exec "$@"`, 'sh'] as const;
/** More than the server has descriptors for. */
const strangers = 150;
const politeMs = 2_000;
/** How long it is left without descriptors. */
const exhaustedMs = 2_000;

export const descriptors: Scenario = {
  title: 'no file descriptors are left: open connections go on, and the listener answers again',
  async run(context) {
    for (const name of context.transports) {
      if (faultTransports[name].place === 'udp') continue;
      await exhaustServer(name, context);
      if (name !== 'connect') await exhaustClient(name, context);
    }
  },
};

async function exhaustServer(name: TransportName, context: ScenarioContext): Promise<void> {
  const { tls } = context;
  await using pair = await startPair({
    transport: name,
    tls,
    limits: { handshakeTimeoutMs: 60_000 },
    serverWrapper: limited,
  });
  const { server, client } = pair;
  const before = server.descriptors;
  const sockets = await Promise.all(
    Array.from({ length: strangers }, () => stranger(server.setup.place)),
  );
  const usedBefore = server.processorMs;
  const until = performance.now() + exhaustedMs;
  while (performance.now() < until) {
    await client.ask('echo', { withinMs: politeMs });
    await Bun.sleep(50);
  }
  const { descriptors: most, processorMs } = server;
  // A server that needs more than one of them for a connection closes some of these.
  must(most > fewDescriptors / 2, `${name}: only ${most} descriptors were in use`);
  for (const socket of sockets) socket.destroy();
  const next = await pair.again('call');
  await next.ask('echo', { withinMs: reconnectMs });
  const share = ((processorMs - usedBefore) / exhaustedMs) * 100;
  context.report(
    `${name}: a server with ${most} of ${fewDescriptors} descriptors (${before} before) used ${share.toFixed()} % of a core meanwhile`,
  );
}

/** Its calls fail as `unavailable`, and the process goes on. */
async function exhaustClient(name: TransportName, context: ScenarioContext): Promise<void> {
  const { tls } = context;
  await using pair = await startPair({ transport: name, tls, limits: {}, clientWrapper: limited });
  const failure = await pair.client.ask('connections', { count: fewDescriptors }).then(
    () => undefined,
    (error: Error) => error,
  );
  must(
    failure?.message.includes('unavailable') === true,
    `${name}: a client without descriptors failed with ${failure?.message}`,
  );
  await pair.client.ask('echo', { withinMs: politeMs });
}

/** Somebody who connects and says nothing; it may be waiting to be accepted for ever. */
async function stranger(place: string): Promise<Socket> {
  const socket = connect(addressOf(place));
  socket.on('error', () => {});
  await once(socket, 'connect').catch(() => {});
  return socket;
}
