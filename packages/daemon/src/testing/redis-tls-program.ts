/**
 * `bun redis-tls-program.ts rediss://…`: two replicas over that Redis, in a process that trusts what its
 * environment says. Prints one line of JSON: the state of the link, and what the second heard of the first.
 */
import { createLogger, createMetrics, type ResolvedConfig } from '@zeke/foundation';
import { redisAddress } from '@zeke/foundation/redis';
import { openReplicas } from '../open-replicas.ts';

const address = redisAddress(process.argv[2] ?? '');
if (typeof address === 'string') throw new Error(address);
// Long, as machines of tests are busy.
const redis = { address, keyPrefix: 'z:', timeoutMs: 15_000, expectedReplicas: 1 };
const log = createLogger({ level: 'silent' });

await using first = await open();
await using second = await open();
const { link } = first.replicas;
const heard = link.isUp ? await news() : null;
const { promise: written, resolve } = Promise.withResolvers<void>();
process.stdout.write(`${JSON.stringify({ state: link.state, heard })}\n`, () => resolve());
await written;

async function open() {
  const metrics = await createMetrics({ processMetrics: false });
  const opened = await openReplicas({ redis } as unknown as ResolvedConfig, { log, metrics });
  if (opened === undefined) throw new Error('there is no Redis');
  return opened;
}

/** What is said over one connection, and heard over another. */
function news(): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  second.replicas.onAnnounced('config', resolve);
  first.replicas.announce('config', ['over TLS']);
  return promise;
}
