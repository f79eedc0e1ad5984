import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { type Brain, type Emulator, startOpenAiEmulator } from '@zeke/emulators';
import type { LimitTierConfig } from '@zeke/foundation';
import { Secret } from '@zeke/foundation';
import { providerConfig, type TestGateway, testGateway } from '../../testing/test-gateway.ts';
import type { CreateKeyOptions } from '../key-store.ts';
import { defaultRateLimitSettings, type RateLimitSettings } from './rate-limits.ts';

const minute = { periodMs: 60_000 };
const messages = [{ role: 'user', content: 'hello there' }];
const adminKey = 'admin-key-for-tests';

const tiers: Record<string, LimitTierConfig> = {
  unlimited: {},
  small: { requests: { limit: 20, burst: 5, ...minute } },
  twenty: { requests: { limit: 60, burst: 20, ...minute } },
  tokens: { tokens: { limit: 600, ...minute } },
  both: { requests: { limit: 100, ...minute }, tokens: { limit: 1_000, ...minute } },
  ten: { concurrent: 10 },
  one: { concurrent: 1 },
};

let nowMs = 0;
let used = { input: 3, cachedInput: 0, output: 7, reasoning: 0 };
const brain: Brain = () => ({ text: 'these are words', finish: 'stop', usage: used });

let emulator: Emulator;
let gateway: TestGateway;

function settings(changes: Partial<RateLimitSettings> = {}): RateLimitSettings {
  return { ...defaultRateLimitSettings, enabled: true, tiers, ...changes };
}

async function start(changes: Partial<RateLimitSettings> = {}): Promise<void> {
  gateway = await testGateway({
    providers: [provider('one'), provider('two')],
    monotonicMs: () => nowMs,
    settings: {
      rateLimits: settings(changes),
      auth: { requireAuth: true, adminApiKey: new Secret(adminKey) },
      aliases: new Map([
        ['list', { strategy: 'fallback', candidates: ['one/gpt-4.1-mini', 'two/gpt-4.1-mini'] }],
        ['race', { strategy: 'race', candidates: ['one/gpt-4.1-mini', 'two/gpt-4.1-mini'] }],
      ]),
    },
  });
}

function provider(name: string) {
  return providerConfig({ name, type: 'openai', apiKey: 'k', baseUrl: `${emulator.url}/v1` });
}

async function keyOf(options: Partial<CreateKeyOptions> = {}) {
  const { key, secret } = await gateway.gateway.keys.create({
    name: 'k',
    owner: 'ada',
    ...options,
  });
  return { id: key.id, headers: { authorization: `Bearer ${secret}` } };
}

type Key = Awaited<ReturnType<typeof keyOf>>;

const chat = ({ headers }: Key, body: object = {}) =>
  gateway.post('/v1/chat/completions', { model: 'one/gpt-4.1-mini', messages, ...body }, headers);

const errorOf = async (response: Response) => {
  const { error } = (await response.json()) as { error: { message: string; code?: string } };
  return { status: response.status, ...error };
};

const statuses = async (answers: readonly Promise<Response>[]) => {
  const all = await Promise.all(answers);
  await Promise.all(all.map((response) => response.text()));
  const counts: Record<number, number> = {};
  for (const { status } of all) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

beforeEach(() => {
  nowMs = 0;
  used = { input: 3, cachedInput: 0, output: 7, reasoning: 0 };
  emulator = startOpenAiEmulator({ apiKeys: ['k'], brain });
});
afterEach(async () => {
  await gateway[Symbol.asyncDispose]();
  await emulator.stop();
});

describe('requests', () => {
  test('of 50 at once as many pass as the burst has, and then one by one', async () => {
    await start();
    const key = await keyOf({ tier: 'twenty' });
    const fifty = Array.from({ length: 50 }, () => chat(key));
    expect(await statuses(fifty)).toEqual({ 200: 20, 429: 30 });
    nowMs += 2_000;
    expect(await statuses(Array.from({ length: 5 }, () => chat(key)))).toEqual({ 200: 2, 429: 3 });
    const rows = await gateway.ledger();
    expect(rows.filter(({ outcome }) => outcome === 'ok')).toHaveLength(22);
    expect(rows.filter(({ outcome }) => outcome === 'refused')).toHaveLength(33);
  });

  test('a refusal names who, the limit, its tier and when it frees up; others go on', async () => {
    await start({ defaultTier: 'small' });
    const key = await keyOf();
    const other = await keyOf();
    await statuses(Array.from({ length: 5 }, () => chat(key)));
    const refused = await chat(key);
    expect(refused.headers.get('retry-after')).toBe('3');
    expect(refused.headers.get('x-ratelimit-remaining-requests')).toBe('0');
    expect(await errorOf(refused)).toMatchObject({
      status: 429,
      code: 'rate_limit_exceeded',
      message: `key ${key.id}: the limit is 20 requests a minute, 5 at once (tier small): it frees up in 3 s`,
    });
    expect((await chat(other)).status).toBe(200);
    const metrics = await gateway.get('/metrics', { authorization: `Bearer ${adminKey}` });
    expect(await metrics.text()).toContain(
      'zeke_rate_limit_refusals_total{entity="key",limit="requests"} 1',
    );
  });

  test('count for an owner together, and what one of several refuses is taken of none', async () => {
    await start({ defaultTier: 'twenty', owners: { ada: 'small' } });
    const [first, second] = [await keyOf(), await keyOf()];
    const mixed = Array.from({ length: 12 }, (_, index) => chat(index % 2 ? first : second));
    expect(await statuses(mixed)).toEqual({ 200: 5, 429: 7 });
    const status = await gateway.get('/rate-limit/status', first.headers);
    expect(await status.json()).toMatchObject({
      enabled: true,
      limits: [
        {
          kind: 'key',
          id: first.id,
          tier: 'twenty',
          requests: { limit_per_minute: 60, burst: 20 },
        },
        { kind: 'owner', id: 'ada', tier: 'small', requests: { remaining: 0 } },
      ],
    });
    nowMs += 60_000;
    expect((await chat(first)).status).toBe(200);
  });

  test('of each address that needs no key count, wherever it stands', async () => {
    await start({ defaultTier: 'small' });
    gateway.configure({
      auth: { requireAuth: false, adminApiKey: new Secret(adminKey) },
      rateLimits: settings({ defaultTier: 'small', trustedProxies: ['10.0.0.0/8'] }),
    });
    const from = (peer: string, forwarded: string) =>
      gateway.gateway.handle(
        new Request('http://127.0.0.1/v1/chat/completions', {
          method: 'POST',
          headers: { 'x-forwarded-for': forwarded },
          body: JSON.stringify({ model: 'one/gpt-4.1-mini', messages }),
        }),
        () => peer,
      );
    const six = (peer: string, forwarded = '') =>
      statuses(Array.from({ length: 6 }, () => from(peer, forwarded)));
    expect(await six('203.0.113.1')).toEqual({ 200: 5, 429: 1 });
    expect(await six('203.0.113.1', '198.51.100.7')).toEqual({ 429: 6 });
    expect(await six('::ffff:10.1.2.3', 'lie, 198.51.100.7')).toEqual({ 200: 5, 429: 1 });
    expect(await errorOf(await from('10.9.9.9', '198.51.100.7'))).toMatchObject({
      message: expect.stringContaining('address 198.51.100.7: '),
    });
  });

  test('of a model are refused there, so that the next candidate is asked', async () => {
    await start({ models: { 'one/gpt-4.1-mini': 'small' } });
    const key = await keyOf();
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => chat(key, { model: 'list' })),
    );
    const providers = answers.map(({ headers }) => headers.get('x-zeke-provider')).sort();
    expect(providers).toEqual([...Array(5).fill('one'), ...Array(3).fill('two')]);
    expect(await errorOf(await chat(key))).toMatchObject({
      status: 429,
      message: expect.stringContaining('model one/gpt-4.1-mini: the limit is 20 requests a minute'),
    });
  });

  test('are counted where bytes go through, and lists are not', async () => {
    await start({ defaultTier: 'small' });
    const { headers } = await keyOf();
    for (let i = 0; i < 10; i++) {
      expect((await gateway.get('/v1/models', headers)).status).toBe(200);
    }
    const passed = Array.from({ length: 6 }, () => gateway.get('/providers/one/models', headers));
    expect(await statuses(passed)).toEqual({ 200: 5, 429: 1 });
  });

  test("are refused in Anthropic's and Gemini's words, with Anthropic's headers", async () => {
    await start({ defaultTier: 'small' });
    const { headers } = await keyOf();
    const ask = () =>
      gateway.post('/v1/messages', { model: 'one/gpt-4.1-mini', messages, max_tokens: 5 }, headers);
    const [first] = await Promise.all(Array.from({ length: 5 }, ask));
    expect(first?.headers.get('anthropic-ratelimit-requests-limit')).toBe('20');
    expect(first?.headers.get('anthropic-ratelimit-requests-reset')).toMatch(/^\d{4}-.*T.*:\d\dZ$/);
    expect(await (await ask()).json()).toMatchObject({
      type: 'error',
      error: { type: 'rate_limit_error' },
    });
    const gemini = await gateway.post(
      '/v1beta/models/one/gpt-4.1-mini:generateContent',
      { contents: [] },
      headers,
    );
    expect(await gemini.json()).toMatchObject({
      error: { code: 429, status: 'RESOURCE_EXHAUSTED' },
    });
  });
});
