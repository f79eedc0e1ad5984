import { describe, expect, test } from 'bun:test';
import { openStorage } from '@zeke/foundation';
import { skipsWithout, temporaryDirectory } from '@zeke/foundation/testing';
import { SharedRedis, until } from '../../testing/shared-redis.ts';
import type { GatewayTables } from '../tables.ts';
import { adminKey, errorOf, LimitedGateway, statusesOf, times } from './testing/limited-gateway.ts';

const admin = { authorization: `Bearer ${adminKey}` };

function reset(limited: LimitedGateway, body: object, headers = admin): Promise<Response> {
  return limited.test.post('/admin/limits/reset', body, headers);
}

test('a key that is limited goes on at once, others stay as they were, and the audit log has it', async () => {
  await using limited = await LimitedGateway.start({ defaultTier: 'small' });
  const [key, other] = [await limited.key(), await limited.key()] as const;
  const five = (from: typeof key) => statusesOf(times(6, () => limited.chat(from)));
  expect(await five(key)).toEqual({ 200: 5, 429: 1 });
  expect(await five(other)).toEqual({ 200: 5, 429: 1 });

  const answer = await reset(limited, { kind: 'key', id: key.id });
  expect(await answer.json()).toEqual({ kind: 'key', id: key.id, freed: ['requests'] });
  expect(await five(key)).toEqual({ 200: 5, 429: 1 });
  expect((await limited.chat(other)).status).toBe(429);

  const audit = await limited.test.get('/admin/audit?action=limits.reset', admin);
  const told = await audit.text();
  expect(told).toContain(`key/${key.id}`);
  expect(told).toContain('"freed":["requests"]');
});

test('a key in debt for its tokens has none any more; what lacks nothing says so', async () => {
  await using limited = await LimitedGateway.start({ defaultTier: 'tokens' });
  limited.used.output = 900;
  const key = await limited.key();
  expect((await limited.chat(key)).status).toBe(200);
  await limited.test.gateway.settled();
  expect((await limited.chat(key)).status).toBe(429);
  expect(await (await reset(limited, { kind: 'key', id: key.id })).json()).toMatchObject({
    freed: ['tokens'],
  });
  expect(await limited.state(key)).toMatchObject([{ tokens: { remaining: 600 } }]);
  expect(await (await reset(limited, { kind: 'key', id: key.id })).json()).toMatchObject({
    freed: [],
  });
});

test('an address is reset as it is told, or written otherwise; wrong keys from it are forgotten', async () => {
  const limits = { addressTier: 'small', authFailuresPerMinute: 2 };
  await using limited = await LimitedGateway.start(limits);
  const peer = '2001:db8:0:1::7';
  const wrong = { authorization: 'Bearer zk-none' };
  const refused = await statusesOf(times(4, () => limited.from(peer, wrong)));
  expect(refused).toEqual({ 401: 2, 429: 2 });
  const answer = await reset(limited, { kind: 'address', id: '2001:DB8:0:1::99' });
  expect(await answer.json()).toEqual({
    kind: 'address',
    id: '2001:db8:0:1::/64',
    freed: ['auth_failures'],
  });
  expect(await statusesOf([limited.from(peer, wrong)])).toEqual({ 401: 1 });
  const again = await reset(limited, { kind: 'address', id: '2001:db8:0:1::/64' });
  expect(await again.json()).toMatchObject({ freed: ['auth_failures'] });
});

test.each([
  [{ kind: 'key', id: 'key_none' }, 404, 'key_none'],
  [
    { kind: 'owner', id: 'eve' },
    404,
    'limits.owners of the configuration does not have eve; there are: ada',
  ],
  [
    { kind: 'model', id: 'gpt' },
    404,
    'limits.models of the configuration does not have gpt; there are: none',
  ],
  [{ kind: 'address', id: 'home' }, 400, 'id: it is no address'],
  [
    { kind: 'provider', id: 'one' },
    400,
    'kind: it must be one of key, owner, user, team, address, model',
  ],
  [{ kind: 'key' }, 400, 'id: it must be text'],
] as const)('%j is refused', async (body, status, message) => {
  await using limited = await LimitedGateway.start({ owners: { ada: 'small' } });
  const answer = await reset(limited, body);
  expect(await errorOf(answer)).toMatchObject({
    status,
    message: expect.stringContaining(message),
  });
});

test('is for the operator alone', async () => {
  await using limited = await LimitedGateway.start({ defaultTier: 'small' });
  const key = await limited.key({ scopes: ['inference'] });
  const own = await reset(limited, { kind: 'key', id: key.id }, key.headers);
  expect(own.status).toBe(403);
});

describe.skipIf(skipsWithout('redis-server'))('where replicas share', () => {
  test('a reset at one holds for all, their wrong keys too', async () => {
    await using stack = new AsyncDisposableStack();
    const redis = stack.use(await SharedRedis.start());
    const folder = stack.use(await temporaryDirectory());
    const start = async () => {
      const storage = await openStorage<GatewayTables>(`sqlite:${folder.path}/zeke.db`);
      const { replicas } = await redis.join();
      const limits = { defaultTier: 'small', authFailuresPerMinute: 1 };
      return stack.use(await LimitedGateway.start(limits, { storage, replicas }));
    };
    const [first, second] = [await start(), await start()] as const;
    // Two connections to one file in one thread wait for each other: one writes at a time.
    const resetAtSecond = async (body: object) => {
      await first.test.gateway.settled();
      return (await reset(second, body)).json();
    };
    const key = await first.key();
    expect(await statusesOf(times(6, () => first.chat(key)))).toEqual({ 200: 5, 429: 1 });
    expect((await second.chat(key)).status).toBe(429);
    await second.test.gateway.settled();
    const freed = await resetAtSecond({ kind: 'key', id: key.id });
    expect(freed).toMatchObject({ freed: ['requests'] });
    expect(await statusesOf(times(6, () => first.chat(key)))).toEqual({ 200: 5, 429: 1 });

    const wrong = () => first.from('203.0.113.9', { authorization: 'Bearer zk-none' });
    expect(await statusesOf([wrong()])).toEqual({ 401: 1 });
    expect(await statusesOf([wrong()])).toEqual({ 429: 1 });
    const address = { kind: 'address', id: '203.0.113.9' };
    expect(await resetAtSecond(address)).toEqual({ ...address, freed: [] });
    // The other replica hears of it a moment later.
    await until(async () => (await wrong()).status === 401);
  }, 60_000);
});
