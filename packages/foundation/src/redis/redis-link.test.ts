import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { RpcError } from '@zeke/rpc';
import { Secret } from '../secrets/secret.ts';
import { createLogger } from '../telemetry/logger.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { redisServer, skipsWithout } from '../testing/index.ts';
import { redisAddress } from './redis-address.ts';
import { RedisLink } from './redis-link.ts';
import { redisScript } from './redis-script.ts';

setDefaultTimeout(60_000);

/** Replies are late on a busy machine: only where that is the subject is the limit short. */
async function open(url: string, timeoutMs = 30_000, password?: string) {
  const address = redisAddress(url, password === undefined ? undefined : new Secret(password));
  if (typeof address === 'string') throw new Error(address);
  const metrics = await createMetrics({ processMetrics: false });
  const log = createLogger({ level: 'silent' });
  const link = await RedisLink.open({ address, keyPrefix: 't:', timeoutMs, log, metrics });
  return { link, metrics };
}

/** Resolves when the link has changed so. */
function when(link: RedisLink, change: 'onUp' | 'onDown'): Promise<void> {
  return new Promise((resolve) => link[change](resolve));
}

const add = redisScript("return redis.call('INCRBY', KEYS[1], ARGV[1])");

describe.skipIf(skipsWithout('redis-server'))('a link to Redis', () => {
  test('runs scripts that the server does not know yet, or not any more', async () => {
    await using redis = await redisServer();
    const { link } = await open(redis.url);
    await using _ = link;
    expect(await link.run(add, ['n'], ['2'])).toBe(2);
    await link.send('SCRIPT', 'FLUSH');
    expect(await link.run(add, ['n'], ['3'])).toBe(5);
    expect(await link.runInTurn(add, ['n'], ['1'])).toBe(6);
  });

  test('gives back the bytes that it was given', async () => {
    await using redis = await redisServer();
    const { link } = await open(redis.url);
    await using _ = link;
    const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => index);
    await link.send('SET', 'key', bytes);
    expect(Bun.hash((await link.bytes('key')) ?? '')).toBe(Bun.hash(bytes));
    expect(await link.bytes('other')).toBeUndefined();
  });

  test('is lost at the first reply that is late, fails at once then, and comes back', async () => {
    await using redis = await redisServer();
    const { link, metrics } = await open(redis.url, 1_500);
    await using _ = link;
    const down = when(link, 'onDown');
    await redis.signal('SIGSTOP');
    const waiting = link.send('PING');
    await expect(waiting).rejects.toThrow(RpcError);
    await down;
    expect(link.state).toMatchObject({ up: false, reason: expect.stringContaining('1500 ms') });
    await expect(link.send('PING')).rejects.toMatchObject({ code: 'unavailable' });
    expect(await metrics.text()).toContain('zeke_redis_late_replies_total 1');
    const up = when(link, 'onUp');
    await redis.signal('SIGCONT');
    await up;
    expect(await link.send('PING')).toBe('PONG');
    expect(await metrics.text()).toContain('zeke_redis_up 1');
  });

  test('survives the end of the server, and hears messages of the next one', async () => {
    await using redis = await redisServer();
    const { link } = await open(redis.url);
    await using _ = link;
    const down = when(link, 'onDown');
    await redis.kill();
    await down;
    const up = when(link, 'onUp');
    await redis.restart();
    await up;
    const heard = new Promise((resolve) => link.onMessage(resolve));
    link.publish('hello');
    expect(await heard).toBe('hello');
  });

  test('is made to a server that is not there yet', async () => {
    await using redis = await redisServer();
    await redis.kill();
    const { link } = await open(redis.url);
    await using _ = link;
    expect(link.isUp).toBe(false);
    const up = when(link, 'onUp');
    await redis.restart();
    await up;
    expect(link.state.up).toBe(true);
  });

  test('is lost while the server is a replica that takes no writes', async () => {
    await using redis = await redisServer();
    const { link } = await open(redis.url);
    await using _ = link;
    const down = when(link, 'onDown');
    await link.send('REPLICAOF', '127.0.0.1', '1');
    await expect(link.send('SET', 'a', 'b')).rejects.toThrow('READONLY');
    await down;
    const up = when(link, 'onUp');
    const client = new Bun.RedisClient(redis.url);
    await client.send('REPLICAOF', ['NO', 'ONE']);
    client.close();
    await up;
    expect(await link.send('SET', 'a', 'b')).toBe('OK');
  });

  test.each([
    ['a wrong password', 'wrong', '', 'WRONGPASS'],
    ['no password', undefined, '', 'redis.password'],
    ['a database that is not there', 'right-password', '?db=99', 'redis.url'],
  ])(
    'is refused for %s, which is told and not tried again',
    async (_, password, query, message) => {
      await using redis = await redisServer({ flags: ['--requirepass', 'right-password'] });
      const refused = open(`${redis.url}${query}`, undefined, password);
      await expect(refused).rejects.toMatchObject({
        code: 'failed_precondition',
        message: expect.stringContaining(message),
      });
      await expect(refused).rejects.not.toThrow('right-password');
    },
  );

  test('is refused for a cluster', async () => {
    await using redis = await redisServer({ flags: ['--cluster-enabled', 'yes'] });
    await expect(open(redis.url)).rejects.toThrow('Redis Cluster, which is not supported');
  });
});
