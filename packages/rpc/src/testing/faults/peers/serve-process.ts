/** `serve-process.ts SETUP`: a server of the faults' service, to be killed, stopped and starved. */
import { faultService } from '../fault-service.ts';
import { faultTransports } from '../transport-table.ts';
import { obey, readSetup, say } from './conversation.ts';
import { statistics } from './statistics.ts';

const { transport, place, limits, tls } = readSetup();
const service = faultService();
const { counts, server } = service;
const listener = await faultTransports[transport].listen(place, {
  handler: server.handler,
  limits,
  tls,
});

obey({
  /** Waits until so many handlers run. */
  async running({ count }) {
    while (counts.running !== count) {
      await new Promise<void>((resolve) => {
        service.onChange = resolve;
      });
    }
    return { ...counts };
  },
  statistics: () => ({ ...statistics(), ...counts }),
  async close() {
    await listener.close({ graceMs: 0 });
    return {};
  },
});
say({ event: 'ready' });
