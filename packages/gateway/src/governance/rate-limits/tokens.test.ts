import { describe, expect, test } from 'bun:test';
import {
  errorOf,
  LimitedGateway,
  limitSettings,
  statusesOf,
  times,
} from './testing/limited-gateway.ts';

type Key = Parameters<LimitedGateway['state']>[0];

const left = async (limited: LimitedGateway, key: Key) =>
  (await limited.state(key))[0]?.tokens?.remaining;

test('are charged as the provider tells them, and debt is paid before more is let through', async () => {
  await using limited = await LimitedGateway.start();
  const key = await limited.key({ tier: 'tokens' });
  Object.assign(limited.used, { input: 300, output: 200 });
  expect(await statusesOf([limited.chat(key)])).toEqual({ 200: 1 });
  expect(await left(limited, key)).toBe(100);
  expect(await statusesOf([limited.chat(key)])).toEqual({ 200: 1 });
  expect(await left(limited, key)).toBe(0);
  const refused = await limited.chat(key);
  const { message, status } = await errorOf(refused);
  expect(status).toBe(429);
  expect(message).toMatch(
    /^key \w+: the limit is 600 tokens a minute \(tier tokens\): this request takes about \d+, and there is room for it in 4\d s$/,
  );
  const seconds = Number(refused.headers.get('retry-after'));
  limited.clock.nowMs += (seconds - 1) * 1_000;
  expect((await limited.chat(key)).status).toBe(429);
  limited.clock.nowMs += 1_000;
  expect((await limited.chat(key)).status).toBe(200);
});

test('of 50 requests at once as many pass as their prompts fit', async () => {
  await using limited = await LimitedGateway.start();
  const key = await limited.key({ tier: 'tokens' });
  const messages = [{ role: 'user', content: 'x'.repeat(400) }];
  const all = await Promise.all(times(50, () => limited.chat(key, { messages })));
  const passed = all.filter(({ status }) => status === 200).length;
  // 400 characters are about 100 tokens, and what is around them some more.
  expect(passed).toBe(5);
  await Promise.all(all.map((response) => response.text()));
  expect(await left(limited, key)).toBe(600 - passed * 10);
});

test('of a prompt that is larger than the burst never fit, and no client asks again', async () => {
  await using limited = await LimitedGateway.start();
  const key = await limited.key({ tier: 'tokens' });
  const messages = [{ role: 'user', content: 'x'.repeat(4_000) }];
  const refused = await limited.chat(key, { messages });
  expect(refused.headers.get('retry-after')).toBeNull();
  expect(refused.headers.get('x-should-retry')).toBe('false');
  const { code, message, status } = await errorOf(refused);
  expect({ code, status }).toEqual({ code: 'request_too_large', status: 429 });
  expect(message).toMatch(/takes about 1,0\d\d, which is larger than the burst of 600: it never/);
  expect(await left(limited, key)).toBe(600);
});

describe('are given back', () => {
  test('by an attempt that failed, and the next one takes its own', async () => {
    await using limited = await LimitedGateway.start();
    const key = await limited.key({ tier: 'tokens' });
    limited.emulator.faults.push({ kind: 'status', status: 503 });
    expect(await statusesOf([limited.chat(key, { model: 'list' })])).toEqual({ 200: 1 });
    expect(await left(limited, key)).toBe(590);
  });

  test('where a model rests and is not asked', async () => {
    const circuit = { failures: 1, windowMs: 60_000, openMs: 60_000 };
    const models = { 'gpt-4.1-mini': 'small' };
    await using limited = await LimitedGateway.start({ models }, { settings: { circuit } });
    const key = await limited.key({ tier: 'tokens' });
    limited.emulator.faults.push({ kind: 'status', status: 500 });
    expect(await statusesOf([limited.chat(key)])).toEqual({ 500: 1 });
    expect(await statusesOf(times(9, () => limited.chat(key)))).toEqual({ 503: 9 });
    expect(await left(limited, key)).toBe(600);
  });
});

test('of a stream that its caller gave up are charged as they are counted', async () => {
  await using limited = await LimitedGateway.start();
  const key = await limited.key({ tier: 'tokens' });
  limited.emulator.faults.push({ kind: 'silence', afterRecords: 3 });
  const { body } = await limited.chat(key, { stream: true });
  await body?.cancel();
  const [row] = await limited.test.ledger();
  expect(row?.outcome).toBe('canceled');
  const used = (row?.input_tokens ?? 0) + (row?.output_tokens ?? 0);
  expect(used).toBeGreaterThan(0);
  expect(await left(limited, key)).toBe(600 - used);
});

test('of all who ran in a race are charged', async () => {
  await using limited = await LimitedGateway.start();
  const key = await limited.key({ tier: 'tokens' });
  await statusesOf([limited.chat(key, { model: 'race', stream: true })]);
  const rows = await limited.test.ledger();
  const used = rows.reduce((sum, row) => sum + row.input_tokens + row.output_tokens, 0);
  expect(rows).toHaveLength(2);
  expect(await left(limited, key)).toBe(600 - used);
});

test('for one of a race let that one run', async () => {
  await using limited = await LimitedGateway.start();
  const key = await limited.key({ tier: 'tokens' });
  const messages = [{ role: 'user', content: 'x'.repeat(1_600) }];
  const response = await limited.chat(key, { model: 'race', messages });
  expect([response.status, response.headers.get('x-zeke-provider')]).toEqual([200, 'one']);
  expect(limited.emulator.requests).toHaveLength(1);
});

test('are charged where bytes go through, and in no case twice', async () => {
  await using limited = await LimitedGateway.start();
  const key = await limited.key({ tier: 'tokens' });
  const body = { model: 'gpt-4.1-mini', messages: [{ role: 'user', content: 'hi' }] };
  const path = '/providers/one/chat/completions';
  expect(await statusesOf([limited.test.post(path, body, key.headers)])).toEqual({ 200: 1 });
  expect(await left(limited, key)).toBe(590);
});

test('that a model has no room for take none of its requests', async () => {
  const tier = { ...limitSettings().tiers.small, ...limitSettings().tiers.tokens };
  const tiers = { unlimited: {}, x: tier };
  await using limited = await LimitedGateway.start({
    defaultTier: 'unlimited',
    models: { 'gpt-4.1-mini': 'x' },
    tiers,
  });
  const key = await limited.key();
  const long = { messages: [{ role: 'user', content: 'x'.repeat(4_000) }] };
  expect(await statusesOf(times(9, () => limited.chat(key, long)))).toEqual({ 429: 9 });
  expect(await statusesOf(times(6, () => limited.chat(key)))).toEqual({ 200: 5, 429: 1 });
});

test('of a model count for all its callers', async () => {
  await using limited = await LimitedGateway.start({ models: { 'gpt-4.1-mini': 'tokens' } });
  const keys = [await limited.key(), await limited.key()] as const;
  Object.assign(limited.used, { input: 600, output: 0 });
  expect(await statusesOf([limited.chat(keys[0])])).toEqual({ 200: 1 });
  await limited.test.gateway.settled();
  expect((await errorOf(await limited.chat(keys[1]))).message).toStartWith('model gpt-4.1-mini: ');
});

describe('another configuration', () => {
  test('leaves the counts of rates that it does not change, and is in force at once', async () => {
    await using limited = await LimitedGateway.start();
    const same = await limited.key({ tier: 'small' });
    const changed = await limited.key({ tier: 'both' });
    await statusesOf(times(5, () => limited.chat(same)));
    await statusesOf(times(5, () => limited.chat(changed)));
    await limited.test.gateway.settled();
    const { tiers } = limitSettings();
    const both = { ...tiers.both, requests: { limit: 120, burst: 40, periodMs: 60_000 } };
    limited.test.configure({ rateLimits: limitSettings({ tiers: { ...tiers, both } }) });
    expect((await limited.chat(same)).status).toBe(429);
    expect(await limited.state(changed)).toMatchObject([
      { requests: { remaining: 40 }, tokens: { remaining: 950 } },
    ]);
  });

  test('leaves places that are taken', async () => {
    await using limited = await LimitedGateway.start();
    const key = await limited.key({ tier: 'one' });
    limited.emulator.faults.push({ kind: 'silence', afterRecords: 2 });
    const { body } = await limited.chat(key, { stream: true });
    const one = { ...limitSettings().tiers.one, requests: { limit: 9, periodMs: 60_000 } };
    limited.test.configure({ rateLimits: limitSettings({ tiers: { unlimited: {}, one } }) });
    expect((await limited.chat(key)).status).toBe(429);
    await body?.cancel();
    expect(await limited.state(key)).toMatchObject([{ concurrent: { remaining: 1 } }]);
  });

  test('without limits lets all through, with no word of them', async () => {
    await using limited = await LimitedGateway.start({ defaultTier: 'small' });
    const key = await limited.key();
    limited.test.configure({ rateLimits: limitSettings({ enabled: false }) });
    expect(await statusesOf(times(9, () => limited.chat(key)))).toEqual({ 200: 9 });
    const { headers } = await limited.chat(key);
    expect([...headers.keys()].filter((name) => name.includes('ratelimit'))).toEqual([]);
    const status = await limited.test.get('/rate-limit/status', key.headers);
    expect(await status.json()).toEqual({ enabled: false, limits: [] });
  });

  test('without the tier of a key gives it the default one, and the log says so once', async () => {
    await using limited = await LimitedGateway.start();
    const key = await limited.key({ tier: 'twenty' });
    const { small = {} } = limitSettings().tiers;
    limited.test.configure({
      rateLimits: limitSettings({ tiers: { small }, defaultTier: 'small' }),
    });
    expect(await limited.state(key)).toMatchObject([{ tier: 'small' }]);
    await limited.state(key);
    const warned = limited.test.logged.filter(({ msg }) => String(msg).includes('not configured'));
    expect(warned).toMatchObject([{ tier: 'twenty', defaultTier: 'small' }]);
  });
});
