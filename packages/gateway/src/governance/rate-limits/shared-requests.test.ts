import { describe, expect, test } from 'bun:test';
import { openStorage } from '@zeke/foundation';
import { skipsWithout, temporaryDirectory } from '@zeke/foundation/testing';
import { SharedRedis, until } from '../../testing/shared-redis.ts';
import type { GatewayTables } from '../tables.ts';
import { adminKey, errorOf, LimitedGateway, statusesOf, times } from './testing/limited-gateway.ts';

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

  test('and budgets are asked at once, and what one of them refuses is taken of none', async () => {
    await using all = await replicas(2, { defaultTier: 'tokens' });
    const { first, second } = all;
    const key = await first.key();
    const admin = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' };
    const budget = async (usd: number) => {
      const body = JSON.stringify({ kind: 'key', id: key.id, period: 'day', limit_usd: usd });
      const url = 'http://127.0.0.1/admin/budgets';
      const set = new Request(url, { method: 'PUT', headers: admin, body });
      expect((await first.test.gateway.handle(set)).status).toBe(200);
    };
    const held = async () => {
      const answer = await second.test.get('/admin/budgets', admin);
      const { data } = (await answer.json()) as { data: { reservedMicroUsd: number }[] };
      return data.map(({ reservedMicroUsd }) => reservedMicroUsd);
    };
    const tokensLeft = async () => (await second.state(key))[0]?.tokens?.remaining;

    // No money for the answer: the tokens are given back.
    await budget(0.000001);
    const tooDear = await errorOf(await first.chat(key));
    expect(tooDear.message).toContain("the day's budget of key");
    await until(async () => (await tokensLeft()) === 600);

    // No tokens for the prompt: the money is given back.
    await budget(10);
    const long = [{ role: 'user', content: 'many words '.repeat(600) }];
    const tooLong = await errorOf(await first.chat(key, { messages: long }));
    expect(tooLong.message).toContain('600 tokens a minute');
    await until(async () => (await held()).every((each) => each === 0));
    expect((await first.chat(key)).status).toBe(200);
  }, 60_000);
});
