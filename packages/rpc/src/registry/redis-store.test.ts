import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { RedisClient } from 'bun';
import { ManualClock } from '../testing/manual-clock.ts';
import { type RedisProcess, redisProcess, skipsWithoutProgram } from '../testing/redis-process.ts';
import { registryTests, until } from '../testing/registry-suite.ts';
import { type RedisCommands, redisRegistry } from './redis-store.ts';

const notes = { name: 'zrpc.test.Notes', version: '1.0.0', address: 'unix:/run/x.sock' };

function commandsOf(client: RedisClient, subscriber?: RedisClient): RedisCommands {
  const send = (command: string, args: string[]) => client.send(command, args);
  if (subscriber === undefined) return { send };
  return {
    send,
    async subscribe(channel, listener) {
      await subscriber.subscribe(channel, listener);
      return () => void subscriber.unsubscribe(channel, listener);
    },
  };
}

describe.skipIf(skipsWithoutProgram('redis-server', process.env.CI))('redis', () => {
  let server: RedisProcess;
  let client: RedisClient;
  let subscriber: RedisClient;
  let prefixes = 0;

  beforeAll(async () => {
    server = await redisProcess();
    client = new RedisClient(`redis+unix://${server.socket}`);
    subscriber = new RedisClient(`redis+unix://${server.socket}`);
    await subscriber.connect();
  });

  afterAll(async () => {
    client.close();
    subscriber.close();
    await server[Symbol.asyncDispose]();
  });

  function newPrefix(): string {
    prefixes += 1;
    return `test:${prefixes}`;
  }

  registryTests(
    {
      name: 'redis',
      async connect() {
        const prefix = newPrefix();
        const redis = commandsOf(client, subscriber);
        // The clock stands still: what is found is found by messages, not by polling.
        const clock = new ManualClock();
        return {
          one: redisRegistry({ redis, prefix, clock }),
          other: redisRegistry({ redis, prefix, clock }),
          async close() {},
        };
      },
    },
    test,
  );

  test('without a subscription changes are found by polling', async () => {
    const prefix = newPrefix();
    const clock = new ManualClock();
    await using registry = redisRegistry({ redis: commandsOf(client), prefix, clock, pollMs: 500 });
    using discovery = await registry.discover({ name: notes.name });
    await registry.register(notes);
    const found = until(discovery, (instances) => instances.length === 1);
    clock.advance(500);
    await found;
  });

  test('an instance that nobody renews ends by itself, and its id is swept away', async () => {
    const prefix = newPrefix();
    const redis = commandsOf(client);
    const dead = redisRegistry({ redis, prefix, clock: new ManualClock() });
    const { instance } = await dead.register(notes, { ttlMs: 1_000 });
    await using registry = redisRegistry({ redis, prefix, pollMs: 20 });
    using discovery = await registry.discover({ name: notes.name });
    expect(discovery.current).toEqual([instance]);
    // As the end of its time would, without waiting for it.
    await client.send('PEXPIRE', [`${prefix}:${instance.id}`, '1']);
    await until(discovery, (instances) => instances.length === 0);
    expect(await client.send('SMEMBERS', [prefix])).toEqual([]);
  });

  test('the key of an instance ends when its lease does', async () => {
    const prefix = newPrefix();
    await using registry = redisRegistry({ redis: commandsOf(client), prefix });
    const { instance } = await registry.register(notes, { ttlMs: 5_000 });
    const left = Number(await client.send('PTTL', [`${prefix}:${instance.id}`]));
    expect(left).toBeWithin(1, 5_001);
  });

  test('what no registry has written is ignored', async () => {
    const prefix = newPrefix();
    await client.send('SADD', [prefix, 'odd', 'gone']);
    await client.send('SET', [`${prefix}:odd`, '{"id": "odd"}']);
    await using registry = redisRegistry({ redis: commandsOf(client), prefix });
    const { instance } = await registry.register(notes);
    expect(await registry.list()).toEqual([instance]);
  });

  test('a Redis that is gone is out of reach', async () => {
    const dead: RedisCommands = { send: () => Promise.reject(new Error('connection closed')) };
    const registry = redisRegistry({ redis: dead });
    const failed = await registry.list().catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 'unavailable', retryable: true });
  });
});
