import { SeededRandom } from '../../../command/mock/seeded-random.ts';
import { faultLimits, silenceLimitMs } from '../fault-limits.ts';
import { heldCount } from '../held-calls.ts';
import { BadNetwork } from '../network/bad-network.ts';
import { startPair } from '../peers/peer.ts';
import { must, type Scenario, type ScenarioContext } from '../scenario.ts';
import { faultTransports, type TransportName } from '../transport-table.ts';
import { allEnd, reconnectMs } from './kill.ts';
import { descriptorsSettle } from './stop.ts';

/** Of calls over a transport that does not hear silence by itself, and of those to nowhere. */
const deadlineMs = 1_500;
const slackMs = 2_000;

export const halfOpen: Scenario = {
  title: 'a cable that is cut: neither side is told, and both have to find out',
  async run(context) {
    await using network = await BadNetwork.create(new SeededRandom('half-open'));
    for (const name of context.transports) {
      if (faultTransports[name].place !== 'path') await cutCable(name, network, context);
    }
  },
};

/**
 * The calls of both sides end, their sockets are closed while the cable is still cut, and the client
 * goes on when it is whole again.
 */
async function cutCable(
  name: TransportName,
  network: BadNetwork,
  context: ScenarioContext,
): Promise<void> {
  network.faults = {};
  await using pair = await startPair({
    transport: name,
    tls: context.tls,
    limits: faultLimits,
    host: network.serverHost,
    serverWrapper: network.wrapperOf('server'),
    clientWrapper: network.wrapperOf('client'),
  });
  const { server, client } = pair;
  const { hearsSilence } = faultTransports[name];
  const before = { client: client.descriptors, server: server.descriptors };
  await client.ask('hold', hearsSilence ? {} : { timeoutMs: deadlineMs });
  await server.ask('running', { count: heldCount });
  network.faults = { isCut: true };
  const cutAt = performance.now();
  await Promise.all([
    hearsSilence
      ? allEnd(client, 'unavailable', silenceLimitMs)
      : allEnd(client, 'deadline_exceeded', deadlineMs + slackMs),
    server.ask('running', { count: 0 }, silenceLimitMs),
  ]);
  const endMs = performance.now() - cutAt;
  const late = await client.ask('fail', { timeoutMs: deadlineMs });
  must(
    late.code === 'unavailable' || late.code === 'deadline_exceeded',
    `${name}: a call into nowhere ended as ${late.code}: ${late.message}`,
  );
  if (hearsSilence) {
    for (const [side, peer] of [
      ['client', client],
      ['server', server],
    ] as const) {
      const left = await descriptorsSettle(peer, before[side]);
      must(
        left <= before[side],
        `${name}: the ${side} had ${before[side]} descriptors, and has ${left}`,
      );
    }
  }
  network.faults = {};
  await client.ask('echo', { withinMs: reconnectMs });
  context.report(`${name}: both sides knew of the cut after ${endMs.toFixed()} ms`);
}
