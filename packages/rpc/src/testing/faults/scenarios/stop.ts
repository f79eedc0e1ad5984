import { faultLimits, silenceLimitMs } from '../fault-limits.ts';
import { heldCount } from '../held-calls.ts';
import { type Peer, startPair } from '../peers/peer.ts';
import { must, type Scenario, type ScenarioContext } from '../scenario.ts';
import { faultTransports, type TransportName } from '../transport-table.ts';
import { allEnd, reconnectMs } from './kill.ts';

/** Of calls over a transport that does not hear silence by itself. */
const deadlineMs = 1_500;
/** How much later than that a deadline may fire on a busy machine. */
const slackMs = 2_000;

export const stop: Scenario = {
  title: 'a peer that is stopped: its connections stay open, and nothing comes from it',
  async run(context) {
    for (const name of context.transports) {
      await stopServer(name, context);
      if (faultTransports[name].hearsSilence) await stopClient(name, context);
    }
  },
};

/** The client's calls end, no descriptor stays open, and it goes on when the server does. */
async function stopServer(name: TransportName, context: ScenarioContext): Promise<void> {
  await using pair = await startPair({ transport: name, tls: context.tls, limits: faultLimits });
  const { server, client } = pair;
  const before = client.descriptors;
  const { hearsSilence } = faultTransports[name];
  await client.ask('hold', hearsSilence ? {} : { timeoutMs: deadlineMs });
  await server.ask('running', { count: heldCount });
  const stoppedAt = performance.now();
  server.signal('SIGSTOP');
  if (hearsSilence) await allEnd(client, 'unavailable', silenceLimitMs);
  else await allEnd(client, 'deadline_exceeded', deadlineMs + slackMs);
  const endMs = performance.now() - stoppedAt;
  const late = await client.ask('fail', { timeoutMs: deadlineMs });
  must(
    late.code === 'unavailable' || late.code === 'deadline_exceeded',
    `${name}: a call to a stopped server ended as ${late.code}: ${late.message}`,
  );
  server.signal('SIGCONT');
  await client.ask('echo', { withinMs: reconnectMs });
  await server.ask('running', { count: 0 }, silenceLimitMs);
  const left = await descriptorsSettle(client, before);
  must(left <= before, `${name}: the client had ${before} descriptors, and has ${left}`);
  context.report(`${name}: calls to a stopped server ended after ${endMs.toFixed()} ms`);
}

/** The server's handlers are told, and the client goes on when it runs again. */
async function stopClient(name: TransportName, context: ScenarioContext): Promise<void> {
  await using pair = await startPair({ transport: name, tls: context.tls, limits: faultLimits });
  const { server, client } = pair;
  const before = server.descriptors;
  await client.ask('hold');
  await server.ask('running', { count: heldCount });
  const stoppedAt = performance.now();
  client.signal('SIGSTOP');
  const { cancelled } = await server.ask('running', { count: 0 }, silenceLimitMs);
  const endMs = performance.now() - stoppedAt;
  must(cancelled === heldCount, `${name}: ${cancelled} of ${heldCount} handlers were cancelled`);
  client.signal('SIGCONT');
  await allEnd(client, 'unavailable', silenceLimitMs);
  await client.ask('echo', { withinMs: reconnectMs });
  const left = await descriptorsSettle(server, before);
  must(left <= before, `${name}: the server had ${before} descriptors, and has ${left}`);
  context.report(`${name}: a stopped client's calls were over after ${endMs.toFixed()} ms`);
}

/** A descriptor may be given back some turns after its connection's end. */
export async function descriptorsSettle(peer: Peer, wanted: number): Promise<number> {
  const until = performance.now() + slackMs;
  while (peer.descriptors > wanted && performance.now() < until) await Bun.sleep(20);
  return peer.descriptors;
}
