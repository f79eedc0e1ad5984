import { describe, expect, test } from 'bun:test';
import { Secret } from '@zeke/foundation';
import type { RateLimitSettings } from './rate-limits.ts';
import {
  adminKey,
  errorOf,
  LimitedGateway,
  limitSettings,
  statusesOf,
  times,
} from './testing/limited-gateway.ts';

test('of 50 at once as many pass as the burst has, and then one by one', async () => {
  await using limited = await LimitedGateway.start();
  const key = await limited.key({ tier: 'twenty' });
  expect(await statusesOf(times(50, () => limited.chat(key)))).toEqual({ 200: 20, 429: 30 });
  limited.clock.nowMs += 2_000;
  expect(await statusesOf(times(5, () => limited.chat(key)))).toEqual({ 200: 2, 429: 3 });
  const rows = await limited.test.ledger();
  expect(rows.filter(({ outcome }) => outcome === 'ok')).toHaveLength(22);
  expect(rows.filter(({ outcome }) => outcome === 'refused')).toHaveLength(33);
});

test('a refusal names who, the limit, its tier and when it frees up; others go on', async () => {
  await using limited = await LimitedGateway.start({ defaultTier: 'small' });
  const key = await limited.key();
  const other = await limited.key();
  await statusesOf(times(5, () => limited.chat(key)));
  const refused = await limited.chat(key);
  expect(refused.headers.get('retry-after')).toBe('3');
  expect(refused.headers.get('x-ratelimit-remaining-requests')).toBe('0');
  expect(await errorOf(refused)).toMatchObject({
    status: 429,
    code: 'rate_limit_exceeded',
    message: `key ${key.id}: the limit is 20 requests a minute, 5 at once (tier small): it frees up in 3 s`,
  });
  expect((await limited.chat(other)).status).toBe(200);
  const admin = { authorization: `Bearer ${adminKey}` };
  expect(await (await limited.test.get('/metrics', admin)).text()).toContain(
    'zeke_rate_limit_refusals_total{entity="key",limit="requests"} 1',
  );
});

test('count for an owner together, and what one of several refuses is taken of none', async () => {
  const limits = { defaultTier: 'twenty', owners: { ada: 'small' } };
  await using limited = await LimitedGateway.start(limits);
  const keys = [await limited.key(), await limited.key()] as const;
  const mixed = times(12, (index) => limited.chat(keys[index % 2 === 0 ? 0 : 1]));
  expect(await statusesOf(mixed)).toEqual({ 200: 5, 429: 7 });
  expect(await limited.state(keys[0])).toMatchObject([
    { kind: 'key', tier: 'twenty', requests: { limit_per_minute: 60, burst: 20, remaining: 17 } },
    { kind: 'owner', id: 'ada', tier: 'small', requests: { remaining: 0 } },
  ]);
});

test('of users and teams count together, however many keys they make', async () => {
  await using limited = await LimitedGateway.start();
  const { orgs, teams, users } = entitiesOf(limited);
  const org = await orgs('acme');
  const team = await teams(org, 'core');
  const user = await users(org, 'ada', team);
  const keys = [await limited.key({ userId: user }), await limited.key({ userId: user })];
  const rateLimits = limitSettings({ users: { [user]: 'small' }, teams: { [team]: 'twenty' } });
  limited.test.configure({ rateLimits });
  const asked = keys.flatMap((key) => times(4, () => limited.chat(key)));
  expect(await statusesOf(asked)).toEqual({ 200: 5, 429: 3 });
  const mate = await limited.key({ teamId: team });
  expect(await statusesOf(times(20, () => limited.chat(mate)))).toEqual({ 200: 15, 429: 5 });
});

describe('of an address', () => {
  const six = (limited: LimitedGateway, peer: string, forwarded = '') =>
    statusesOf(times(6, () => limited.from(peer, { 'x-forwarded-for': forwarded })));
  const noAuth = { auth: { requireAuth: false, adminApiKey: new Secret(adminKey) } };
  const open = (limits: Partial<RateLimitSettings>) =>
    LimitedGateway.start({ defaultTier: 'small', ...limits }, { settings: noAuth });

  test('that needs no key count by its connection, whatever a header says', async () => {
    await using limited = await open({});
    expect(await six(limited, '203.0.113.1')).toEqual({ 200: 5, 429: 1 });
    expect(await six(limited, '203.0.113.1', '198.51.100.7')).toEqual({ 429: 6 });
    expect(await six(limited, '::ffff:203.0.113.1')).toEqual({ 429: 6 });
    expect(await six(limited, '203.0.113.2')).toEqual({ 200: 5, 429: 1 });
  });

  test('behind a trusted proxy count by what that says', async () => {
    await using limited = await open({ trustedProxies: ['10.0.0.0/8'] });
    expect(await six(limited, '10.1.2.3', 'lie, 198.51.100.7')).toEqual({ 200: 5, 429: 1 });
    expect(
      await errorOf(await limited.from('10.9.9.9', { 'x-forwarded-for': '198.51.100.7' })),
    ).toMatchObject({
      message: expect.stringContaining('address 198.51.100.7: '),
    });
  });

  test('count beside those of its keys, where addresses have a tier', async () => {
    await using limited = await LimitedGateway.start({ addressTier: 'small' });
    const keys = await Promise.all(times(3, () => limited.key()));
    const asked = keys.flatMap(({ headers }) =>
      times(3, () => limited.from('2001:db8::1', headers)),
    );
    expect(await statusesOf(asked)).toEqual({ 200: 5, 429: 4 });
    const [first] = keys;
    const network = await limited.from('2001:db8::ffff', first?.headers);
    expect((await errorOf(network)).message).toStartWith('address 2001:db8:0:0::/64: ');
  });
});

test('of a model are refused there, so that the next candidate is asked', async () => {
  await using limited = await LimitedGateway.start({ models: { 'one/gpt-4.1-mini': 'small' } });
  const key = await limited.key();
  const answers = await Promise.all(times(8, () => limited.chat(key, { model: 'list' })));
  const providers = answers.map(({ headers }) => headers.get('x-zeke-provider')).sort();
  expect(providers).toEqual([...times(5, () => 'one'), ...times(3, () => 'two')]);
  expect(await errorOf(await limited.chat(key))).toMatchObject({
    status: 429,
    message: expect.stringContaining('model one/gpt-4.1-mini: the limit is 20 requests a minute'),
  });
});

test('are counted where bytes go through, and lists are not', async () => {
  await using limited = await LimitedGateway.start({ defaultTier: 'small' });
  const { headers } = await limited.key();
  const lists = times(10, () => limited.test.get('/v1/models', headers));
  expect(await statusesOf(lists)).toEqual({ 200: 10 });
  const passed = times(6, () => limited.test.get('/providers/one/models', headers));
  expect(await statusesOf(passed)).toEqual({ 200: 5, 429: 1 });
});

test("are refused in Anthropic's and Gemini's words", async () => {
  await using limited = await LimitedGateway.start({ defaultTier: 'small' });
  const { headers } = await limited.key();
  const body = { model: 'one/gpt-4.1-mini', messages: [], max_tokens: 5 };
  const ask = () => limited.test.post('/v1/messages', body, headers);
  await Promise.all(times(5, ask));
  const anthropic = await ask();
  expect(anthropic.headers.get('anthropic-ratelimit-requests-limit')).toBe('20');
  expect(anthropic.headers.get('anthropic-ratelimit-requests-reset')).toMatch(/T\d\d:\d\d:\d\dZ$/);
  expect(anthropic.headers.get('retry-after')).toBe('3');
  expect(await anthropic.json()).toMatchObject({
    type: 'error',
    error: { type: 'rate_limit_error' },
  });
  const path = '/v1beta/models/one/gpt-4.1-mini:generateContent';
  const gemini = await limited.test.post(path, { contents: [] }, headers);
  expect(await gemini.json()).toMatchObject({ error: { code: 429, status: 'RESOURCE_EXHAUSTED' } });
});

test('that are refused again and again are few rows', async () => {
  await using limited = await LimitedGateway.start({ defaultTier: 'small' }, { now: () => 1_000 });
  const key = await limited.key();
  await statusesOf(times(500, () => limited.chat(key)));
  const refused = (await limited.test.ledger()).filter(({ outcome }) => outcome === 'refused');
  expect(refused).toHaveLength(100);
});

/** Makes entities over the admin API. */
function entitiesOf(limited: LimitedGateway) {
  const make = async (path: string, body: object) => {
    const headers = { authorization: `Bearer ${adminKey}` };
    const response = await limited.test.post(`/admin/${path}`, body, headers);
    return ((await response.json()) as { id: string }).id;
  };
  return {
    orgs: (name: string) => make('orgs', { name }),
    teams: (org: string, name: string) => make('teams', { name, org_id: org }),
    users: (org: string, name: string, team: string) =>
      make('users', { name, org_id: org, team_id: team }),
  };
}
