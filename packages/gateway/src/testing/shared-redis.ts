import { createLogger, createMetrics } from '@zeke/foundation';
import { RedisLink, redisAddress } from '@zeke/foundation/redis';
import { redisServer, type TestRedis } from '@zeke/foundation/testing';
import { Replicas, type ReplicaTiming } from '../replicas/replicas.ts';

/** One that joined, as a process of its own has it. */
export interface TestReplica extends AsyncDisposable {
  readonly replicas: Replicas;
  /** Ends it as a crash does: nobody is told. */
  crash(): Promise<void>;
}

/** Nobody is taken to be gone whose heartbeats are only late, as on a busy machine. */
const patientTiming: ReplicaTiming = { heartbeatMs: 30, leaseMs: 60_000, settleMs: 1_500 };
/** For tests of replicas that die. */
export const mortalTiming: ReplicaTiming = { heartbeatMs: 30, leaseMs: 1_500, settleMs: 1_500 };

/** A real Redis, and replicas that share it. */
export class SharedRedis implements AsyncDisposable {
  readonly server: TestRedis;
  readonly #stack: AsyncDisposableStack;

  private constructor(server: TestRedis, stack: AsyncDisposableStack) {
    this.server = server;
    this.#stack = stack;
  }

  static async start(): Promise<SharedRedis> {
    const stack = new AsyncDisposableStack();
    return new SharedRedis(stack.use(await redisServer()), stack);
  }

  /** Another process that shares it. `timeoutMs`: for a reply; a deaf Redis is noticed after it. */
  async join(
    options: { expected?: number; timing?: ReplicaTiming; timeoutMs?: number } = {},
  ): Promise<TestReplica> {
    const address = redisAddress(this.server.url);
    if (typeof address === 'string') throw new Error(address);
    const { expected = 1, timeoutMs = 30_000, timing = patientTiming } = options;
    const log = createLogger({ level: 'silent' });
    const metrics = await createMetrics({ processMetrics: false });
    const link = await RedisLink.open({ address, keyPrefix: 'z:', timeoutMs, log, metrics });
    const replicas = await Replicas.join({ link, expected, timing, log, metrics });
    const crash = () => link[Symbol.asyncDispose]();
    const replica = {
      replicas,
      crash,
      async [Symbol.asyncDispose]() {
        await replicas[Symbol.asyncDispose]();
        await crash();
      },
    };
    this.#stack.use(replica);
    return replica;
  }

  /** Says a command as an operator does. */
  async command(name: string, ...args: string[]): Promise<unknown> {
    const client = new Bun.RedisClient(this.server.url);
    try {
      return await client.send(name, args);
    } finally {
      client.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** For tests in which Redis is deaf: how long a reply may take before it is known. */
export const deafAfterMs = 1_500;

/** Resolves when the link of a replica has changed so. */
export function whenLink({ link }: Replicas, change: 'onUp' | 'onDown'): Promise<void> {
  return new Promise((resolve) => link[change](resolve));
}

/** Resolves when it is so, which is asked at every turn of the loop. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setImmediate(resolve));
}
