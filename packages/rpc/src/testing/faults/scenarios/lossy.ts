import { SeededRandom } from '../../../command/mock/seeded-random.ts';
import { BadNetwork } from '../network/bad-network.ts';
import { startPair } from '../peers/peer.ts';
import { must, type Scenario } from '../scenario.ts';
import { faultTransports, type TransportName } from '../transport-table.ts';
import { reconnectMs } from './kill.ts';

const workMs = 8_000;
/**
 * Bun's HTTP/3 now and then ends a frame too early when packets are lost, and its other side then ends
 * the connection. Every call has its status and no byte is wrong, but some have to be made again.
 */
const mayBreak: readonly TransportName[] = ['http3'];
/** For the calls that are open at the end of the work. */
const lastCallsMs = 60_000;

export const lossy: Scenario = {
  title: '5 % of packets lost, delays of 10 ms, 25 % of packets early: every byte arrives',
  async run({ tls, transports, report }) {
    await using network = await BadNetwork.create(new SeededRandom('lossy'));
    for (const transport of transports) {
      if (faultTransports[transport].place === 'path') continue;
      network.faults = {};
      await using pair = await startPair({
        transport,
        tls,
        limits: {},
        host: network.serverHost,
        serverWrapper: network.wrapperOf('server'),
        clientWrapper: network.wrapperOf('client'),
      });
      const { passed, lost } = network.counts;
      network.faults = { lossRate: 0.05, delayMs: 10, overtakeRate: 0.25 };
      const work = await pair.client.ask('work', { forMs: workMs }, workMs + lastCallsMs);
      const faults = work.faults as readonly string[];
      const wrong = mayBreak.includes(transport)
        ? faults.filter((fault) => !fault.startsWith('unavailable'))
        : faults;
      must(wrong.length === 0, `${transport}: ${wrong.join('; ')}`);
      must(Number(work.calls) > 0 && Number(work.streams) > 0, `${transport}: nothing was done`);
      network.faults = {};
      await pair.client.ask('echo', { withinMs: reconnectMs });
      const packets = network.counts.passed - passed;
      report(
        `${transport}: ${work.calls} calls, ${work.streams} streams, ${(Number(work.bytes) / 1e6).toFixed(1)} MB in ${packets} packets; ${network.counts.lost - lost} more were lost, ${faults.length} calls broke`,
      );
    }
  },
};
