import type { Code } from '../../../rpc-error.ts';
import { faultLimits, silenceLimitMs } from '../fault-limits.ts';
import { heldCount } from '../held-calls.ts';
import { type Peer, startPair } from '../peers/peer.ts';
import { must, type Scenario, type ScenarioContext } from '../scenario.ts';
import type { TransportName } from '../transport-table.ts';

/** For a client to reach a server that was started again: more than its longest back-off. */
export const reconnectMs: number = 15_000;

export const kill: Scenario = {
  title: 'kill -9 of either side in the middle of calls of all kinds',
  async run(context) {
    for (const name of context.transports) {
      await killServer(name, context);
      await killClient(name, context);
    }
  },
};

/** The client's calls end, and it reaches the server that is started at the same place. */
async function killServer(name: TransportName, context: ScenarioContext): Promise<void> {
  await using pair = await startPair({ transport: name, tls: context.tls, limits: faultLimits });
  const { server, client } = pair;
  await client.ask('hold');
  await server.ask('running', { count: heldCount });
  const killedAt = performance.now();
  server.signal('SIGKILL');
  await allEnd(client, 'unavailable', silenceLimitMs);
  const endMs = performance.now() - killedAt;
  await pair.again('serve');
  const { attempts } = await client.ask('echo', { withinMs: reconnectMs });
  context.report(
    `${name}: the server's end was known after ${endMs.toFixed()} ms, reached again with attempt ${attempts}`,
  );
}

/** The server's handlers are told, and the next client is served. */
async function killClient(name: TransportName, context: ScenarioContext): Promise<void> {
  await using pair = await startPair({ transport: name, tls: context.tls, limits: faultLimits });
  const { server, client } = pair;
  await client.ask('hold');
  await server.ask('running', { count: heldCount });
  const killedAt = performance.now();
  client.signal('SIGKILL');
  const { cancelled } = await server.ask('running', { count: 0 }, silenceLimitMs);
  const endMs = performance.now() - killedAt;
  must(cancelled === heldCount, `${name}: ${cancelled} of ${heldCount} handlers were cancelled`);
  const next = await pair.again('call');
  await next.ask('echo', { withinMs: reconnectMs });
  context.report(`${name}: the client's end was known after ${endMs.toFixed()} ms`);
}

/** Every call that the client holds ends with this code. */
export async function allEnd(client: Peer, code: Code, withinMs: number): Promise<void> {
  const until = performance.now() + withinMs;
  for (let i = 0; i < heldCount; i++) {
    const end = await client.event('end', until - performance.now());
    must(end.code === code, `${end.kind} ended as ${end.code}: ${end.message}`);
  }
}
