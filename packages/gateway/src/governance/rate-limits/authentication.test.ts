import { expect, test } from 'bun:test';
import { adminKey, errorOf, LimitedGateway, statusesOf, times } from './testing/limited-gateway.ts';

const peer = '203.0.113.5';
const wrong = { authorization: `Bearer zk-${'A'.repeat(43)}` };
const admin = { authorization: `Bearer ${adminKey}` };

const off = { enabled: false };

test('after 20 failures in a minute an address is told to wait, though limits are off', async () => {
  await using limited = await LimitedGateway.start(off);
  expect(await statusesOf(times(25, () => limited.from(peer, wrong)))).toEqual({ 401: 20, 429: 5 });
  expect(await statusesOf([limited.from(peer, {})])).toEqual({ 429: 1 });
  const refused = await limited.from(peer, wrong);
  expect(refused.headers.get('retry-after')).toBe('3');
  expect((await errorOf(refused)).message).toBe(
    `address ${peer}: more than 20 requests a minute without a valid API key; ask again in 3 s`,
  );
  expect(await statusesOf([limited.from('203.0.113.6', wrong)])).toEqual({ 401: 1 });
  const metrics = await (await limited.test.get('/metrics', admin)).text();
  expect(metrics).toContain(
    'zeke_rate_limit_refusals_total{entity="address",limit="auth_failures"} 7',
  );
  limited.clock.nowMs += 6_000;
  expect(await statusesOf(times(4, () => limited.from(peer, wrong)))).toEqual({ 401: 2, 429: 2 });
});

test('meanwhile the admin key is not believed from there, but keys that nobody guesses are', async () => {
  await using limited = await LimitedGateway.start(off);
  const key = await limited.key();
  expect(await statusesOf([limited.from(peer, admin)])).toEqual({ 200: 1 });
  await statusesOf(times(20, () => limited.from(peer, { authorization: 'Bearer guess' })));
  expect(await statusesOf([limited.from(peer, admin)])).toEqual({ 429: 1 });
  expect(await statusesOf([limited.from('203.0.113.6', admin)])).toEqual({ 200: 1 });
  expect(await statusesOf([limited.from(peer, key.headers)])).toEqual({ 200: 1 });
  limited.clock.nowMs += 3_000;
  expect(await statusesOf([limited.from(peer, admin)])).toEqual({ 200: 1 });
});

test('a good request is no failure, one with a revoked key is', async () => {
  await using limited = await LimitedGateway.start(off);
  const key = await limited.key();
  expect(await statusesOf(times(30, () => limited.from(peer, key.headers)))).toEqual({ 200: 30 });
  await limited.test.gateway.keys.revoke(key.id);
  expect(await statusesOf(times(22, () => limited.from(peer, key.headers)))).toEqual({
    401: 20,
    429: 2,
  });
});

test.each(['127.0.0.1', '::1', '::ffff:127.0.0.1'])(
  '%s may fail ten times as often',
  async (local) => {
    await using limited = await LimitedGateway.start(off);
    expect(await statusesOf(times(201, () => limited.from(local, wrong)))).toEqual({
      401: 200,
      429: 1,
    });
  },
);

test('0 turns it off, and who has no address is not counted', async () => {
  await using limited = await LimitedGateway.start({ ...off, authFailuresPerMinute: 0 });
  expect(await statusesOf(times(30, () => limited.from(peer, wrong)))).toEqual({ 401: 30 });
  await using counted = await LimitedGateway.start({ ...off, authFailuresPerMinute: 1 });
  const body = { model: 'm', messages: [] };
  const asked = times(9, () => counted.test.post('/v1/chat/completions', body, wrong));
  expect(await statusesOf(asked)).toEqual({ 401: 9 });
});
