/** `call-process.ts SETUP`: a client of the faults' service, to be killed, stopped and starved. */
import { createClient } from '../../../core/client.ts';
import { Notes } from '../../note-service.ts';
import { described, holdCalls } from '../held-calls.ts';
import { faultTransports } from '../transport-table.ts';
import { checkedWork } from '../work.ts';
import { obey, readSetup, say } from './conversation.ts';
import { statistics } from './statistics.ts';

const { transport: name, place, limits, tls } = readSetup();
const transport = faultTransports[name].connect(place, { limits, tls });
const client = createClient(Notes, transport);

/** Between two attempts to reach a server that is starting. */
const retryMs = 20;

obey({
  /** Opens calls that do not end by themselves, and tells of each when it has. */
  async hold({ timeoutMs }) {
    const options = typeof timeoutMs === 'number' ? { timeoutMs } : {};
    await holdCalls(client, options, (end) => say({ event: 'end', ...end }));
    return {};
  },
  /** A call, again and again until one succeeds. */
  async echo({ withinMs }) {
    const until = performance.now() + Number(withinMs);
    for (let attempts = 1; ; attempts++) {
      const leftMs = until - performance.now();
      if (leftMs <= 0) throw new Error(`no call has succeeded in ${withinMs} ms`);
      try {
        await client.echo({ text: 'still here' }, { timeoutMs: leftMs });
        return { attempts };
      } catch {
        await Bun.sleep(retryMs);
      }
    }
  },
  /** One call that is expected to fail. */
  async fail({ timeoutMs }) {
    const begun = performance.now();
    const error: unknown = await client
      .echo({ text: 'anybody?' }, { timeoutMs: Number(timeoutMs) })
      .then(
        () => undefined,
        (reason: unknown) => reason,
      );
    return { ...described(error), afterMs: performance.now() - begun };
  },
  work: async ({ forMs }) => ({ ...(await checkedWork(client, Number(forMs))) }),
  statistics: () => ({ ...statistics() }),
  async close() {
    await transport.close();
    return {};
  },
});
say({ event: 'ready' });
