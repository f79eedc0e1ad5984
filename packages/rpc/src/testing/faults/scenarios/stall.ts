import { heldCount } from '../held-calls.ts';
import { startPair } from '../peers/peer.ts';
import { must, type Scenario, type ScenarioContext } from '../scenario.ts';
import { faultTransports, type TransportName } from '../transport-table.ts';
import { allEnd } from './kill.ts';

/** A client whose time to wait for an answer is over when it wakes up. */
const clientLimits = { keepaliveIntervalMs: 300, keepaliveTimeoutMs: 600 };
/** Of QUIC, where both sides count the silence: they have to allow for the stall. */
const patientLimits = { keepaliveIntervalMs: 300, keepaliveTimeoutMs: 20_000 };
/** The server waits for longer than the stall takes. */
const serverLimits = { keepaliveIntervalMs: 20_000, keepaliveTimeoutMs: 20_000 };
const stallMs = 2_500;
const deadlineMs = 1_200;
/** From waking up to the end of the calls whose deadline has passed meanwhile. */
const wakeMs = 1_000;

export const stall: Scenario = {
  title: 'a client that stands still for seconds: what is overdue ends, nothing else does',
  async run(context) {
    for (const name of context.transports) await stallClient(name, context);
  },
};

/**
 * Deadlines that have passed end their calls at once; a call that has none, and its connection, go
 * on: what the peer has sent meanwhile counts, though the time to wait for it is over.
 */
async function stallClient(name: TransportName, context: ScenarioContext): Promise<void> {
  await using pair = await startPair({
    transport: name,
    tls: context.tls,
    limits: serverLimits,
    clientLimits: faultTransports[name].place === 'udp' ? patientLimits : clientLimits,
  });
  const { server, client } = pair;
  await client.ask('hold');
  await client.ask('hold', { timeoutMs: deadlineMs });
  await server.ask('running', { count: 2 * heldCount });
  client.signal('SIGSTOP');
  await Bun.sleep(stallMs);
  client.signal('SIGCONT');
  const wokenAt = performance.now();
  await allEnd(client, 'deadline_exceeded', wakeMs);
  const endMs = performance.now() - wokenAt;
  await server.ask('running', { count: heldCount }, wakeMs);
  await client.ask('echo', { withinMs: wakeMs });
  await Bun.sleep(wakeMs);
  const { running } = await server.ask('statistics');
  must(running === heldCount, `${name}: ${running} of ${heldCount} calls have outlived the stall`);
  context.report(`${name}: overdue calls ended ${endMs.toFixed()} ms after the stall`);
}
