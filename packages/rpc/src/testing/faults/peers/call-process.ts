/** `call-process.ts SETUP`: a client of the faults' service, to be killed, stopped and starved. */
import type { Transport } from '../../../core/call.ts';
import { createClient } from '../../../core/client.ts';
import { Notes } from '../../note-service.ts';
import { churn } from '../churn.ts';
import { flood } from '../flood.ts';
import { described, holdCalls } from '../held-calls.ts';
import { faultTransports } from '../transport-table.ts';
import { checkedWork } from '../work.ts';
import { obey, readSetup, say } from './conversation.ts';
import { statistics } from './statistics.ts';

const { transport: name, place, limits, tls } = readSetup();
const transport = faultTransports[name].connect(place, { limits, tls });
const client = createClient(Notes, transport);
const others: Transport[] = [];

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
  /** Calls and streams of large messages, as many as there may be: how they ended. */
  flood: ({ forMs }) => flood(client, Number(forMs)),
  work: async ({ forMs }) => ({ ...(await checkedWork(client, Number(forMs))) }),
  /** Opens so many more connections, with a call on each, and keeps them. */
  async connections({ count }) {
    for (let i = 0; i < Number(count); i++) {
      const other = faultTransports[name].connect(place, { limits, tls });
      others.push(other);
      await createClient(Notes, other).echo({});
    }
    return {};
  },
  /** Makes a call on so many of these connections, evenly spread. */
  async use({ count }) {
    const step = Math.max(1, Math.floor(others.length / Number(count)));
    const used = others.filter((_, i) => i % step === 0);
    await Promise.all(used.map((one) => createClient(Notes, one).echo({ text: 'still here' })));
    return { used: used.length };
  },
  /** Closes them. */
  async release() {
    await Promise.all(others.splice(0).map((one) => one.close()));
    return {};
  },
  /** Opens and closes so many connections, some at once, with a call on each. */
  async visits({ count, abreast }) {
    let left = Number(count);
    const visitor = async (): Promise<void> => {
      while (left-- > 0) {
        const other = faultTransports[name].connect(place, { limits, tls });
        await createClient(Notes, other).echo({});
        await other.close();
      }
    };
    await Promise.all(Array.from({ length: Number(abreast) }, visitor));
    return {};
  },
  /** Calls and streams that end in all the ways there are: how often in each. */
  churn: ({ calls, streams, seed }) => churn(client, Number(calls), Number(streams), Number(seed)),
  statistics: () => ({ ...statistics() }),
  async close() {
    await Promise.all([transport, ...others].map((one) => one.close()));
    return {};
  },
});
say({ event: 'ready' });
