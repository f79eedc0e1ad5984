import { describe, expect, test } from 'bun:test';
import { openStorage } from '@zeke/foundation';
import { skipsWithout, temporaryDirectory } from '@zeke/foundation/testing';
import { SharedRedis, whenLink } from '../../testing/shared-redis.ts';
import type { GatewayTables } from '../tables.ts';
import { errorOf, LimitedGateway, statusesOf, times } from './testing/limited-gateway.ts';

/** Gateways with one Redis and one database, as processes of their own have them. */
async function replicas(count: number, limits: Parameters<typeof LimitedGateway.start>[0]) {
  const stack = new AsyncDisposableStack();
  const redis = stack.use(await SharedRedis.start());
  const folder = stack.use(await temporaryDirectory());
  const gateways: LimitedGateway[] = [];
  for (let index = 0; index < count; index++) {
    const storage = await openStorage<GatewayTables>(`sqlite:${folder.path}/zeke.db`);
    const { replicas: joined } = await redis.join();
    gateways.push(stack.use(await LimitedGateway.start(limits, { storage, replicas: joined })));
  }
  const [first, second] = gateways as [LimitedGateway, LimitedGateway];
  return { redis, gateways, first, second, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

describe.skipIf(skipsWithout('redis-server'))('rates that replicas share', () => {
  test('let through together as many requests as one process would', async () => {
    await using all = await replicas(2, { defaultTier: 'twenty' });
    const key = await all.first.key();
    const asked = times(50, (index) => (index % 2 ? all.first : all.second).chat(key));
    expect(await statusesOf(asked)).toEqual({ 200: 20, 429: 30 });
    const refused = await all.second.chat(key);
    expect(refused.headers.get('x-ratelimit-remaining-requests')).toBe('0');
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await errorOf(refused)).toMatchObject({
      message: `key ${key.id}: the limit is 60 requests a minute, 20 at once (tier twenty): it frees up in 1 s`,
    });
    expect(await all.first.state(key)).toMatchObject([{ requests: { remaining: 0 } }]);
  });
});
void whenLink;
