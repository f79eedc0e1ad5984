import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { type Emulator, startAnthropicEmulator, startOpenAiEmulator } from '@zeke/emulators';
import { providerConfig, type TestGateway, testGateway } from '../testing/test-gateway.ts';
import type { CacheSettings } from './answer-cache.ts';

const settings: CacheSettings = {
  maxBytes: 1_000_000,
  ttlMs: 60_000,
  scope: 'key',
  maxTemperature: 0,
  byModel: [],
};
const messages = [{ role: 'user', content: 'hello there' }];
const model = 'openai/gpt-4.1-mini';
const usage = { input: 3, cachedInput: 0, output: 7, reasoning: 0 };

interface Chat {
  id: string;
  created: number;
  model: string;
  choices: { message: { content: string } }[];
}

describe('the cache', () => {
  let openai: Emulator;
  let anthropic: Emulator;
  let gateway: TestGateway;
  let now: number;
  let said: number;

  const start = (cache: CacheSettings | undefined) =>
    testGateway({
      providers: [
        providerConfig({
          name: 'openai',
          type: 'openai',
          apiKey: 'k',
          baseUrl: `${openai.url}/v1`,
        }),
        providerConfig({
          name: 'anthropic',
          type: 'anthropic',
          apiKey: 'k',
          baseUrl: anthropic.url,
        }),
      ],
      settings: {
        aliases: new Map([
          ['race', { strategy: 'race', candidates: [model, 'anthropic/claude-haiku-4-5'] }],
        ]),
        ...(cache ? { cache } : {}),
      },
      now: () => now,
    });

  beforeEach(async () => {
    now = 1_800_000_000_000;
    said = 0;
    const brain = () => ({ text: `answer ${++said}`, finish: 'stop' as const, usage });
    openai = startOpenAiEmulator({ apiKeys: ['k'], brain });
    anthropic = startAnthropicEmulator({ apiKeys: ['k'], brain });
    gateway = await start(settings);
  });
  afterEach(async () => {
    await gateway[Symbol.asyncDispose]();
    await openai.stop();
    await anthropic.stop();
  });

  const chat = (body: object = {}, headers?: Record<string, string>) =>
    gateway.post('/v1/chat/completions', { model, messages, temperature: 0, ...body }, headers);
  const stateOf = async (asked: Promise<Response>) => {
    const response = await asked;
    await response.text();
    return response.headers.get('x-zeke-cache');
  };
  const asked = () => openai.requests.length + anthropic.requests.length;

  test('an equal request is answered again, with an id and a time of its own', async () => {
    const first = await chat();
    expect(first.headers.get('x-zeke-cache')).toBe('miss');
    now += 5_000;
    const second = await chat();
    expect(second.status).toBe(200);
    expect(second.headers.get('x-zeke-cache')).toBe('hit');
    expect(second.headers.get('age')).toBe('5');
    expect(second.headers.get('x-zeke-provider')).toBe('openai');
    const [a, b] = [(await first.json()) as Chat, (await second.json()) as Chat];
    expect(b.choices[0]?.message.content).toBe('answer 1');
    expect(b.model).toBe(a.model);
    expect(b.id).not.toBe(a.id);
    expect(b.created).toBe(now / 1_000);
    expect(asked()).toBe(1);
  });

  test.each([
    [false, true],
    [true, false],
    [true, true],
  ])('asked as a stream: %p, then: %p', async (stored, again) => {
    expect(await stateOf(chat({ stream: stored }))).toBe('miss');
    const second = await chat({ stream: again });
    expect(second.headers.get('x-zeke-cache')).toBe('hit');
    const text = await second.text();
    expect(text).toContain('answer 1');
    expect(text.includes('[DONE]')).toBe(again);
    expect(second.headers.get('content-type')).toContain(again ? 'event-stream' : 'json');
  });

  test('what is asked in one dialect is answered in another, where bytes do not go through', async () => {
    const max = { max_tokens: 50 };
    const target = 'anthropic/claude-haiku-4-5';
    expect(await stateOf(chat({ model: target, ...max }))).toBe('miss');
    const gemini = await gateway.post(`/v1beta/models/${target}:generateContent`, {
      contents: [{ role: 'user', parts: [{ text: 'hello there' }] }],
      generationConfig: { temperature: 0, maxOutputTokens: 50 },
    });
    expect(gemini.headers.get('x-zeke-cache')).toBe('hit');
    expect(await gemini.text()).toContain('answer 1');
    const own = gateway.post('/v1/messages', { model: target, messages, temperature: 0, ...max });
    expect(await stateOf(own)).toBe('miss');
  });

  test.each<[string, object, Record<string, string>]>([
    ['no temperature', { temperature: undefined }, {}],
    ['a temperature', { temperature: 0.2 }, {}],
    ['a tool of the provider', { web_search_options: {} }, {}],
    ['no-store', {}, { 'cache-control': 'no-store' }],
    ['no-cache', {}, { 'cache-control': 'no-cache' }],
    ['max-age', {}, { 'cache-control': 'max-age=0' }],
  ])('%s: not answered from the cache', async (_, body, headers) => {
    await stateOf(chat(body));
    expect(await stateOf(chat(body, headers))).toBe('bypass');
    expect(asked()).toBe(2);
  });

  test('no-store is not kept, no-cache is kept anew, max-age takes what is young', async () => {
    await stateOf(chat({}, { 'cache-control': 'no-store' }));
    expect(await stateOf(chat())).toBe('miss');
    await stateOf(chat({}, { 'cache-control': 'no-cache' }));
    expect(await (await chat()).text()).toContain('answer 3');
    now += 5_000;
    expect(await stateOf(chat({}, { 'cache-control': 'max-age=5' }))).toBe('hit');
    expect(await stateOf(chat({}, { 'cache-control': 'max-age=4' }))).toBe('miss');
  });

  test('an answer runs out', async () => {
    await stateOf(chat());
    now += settings.ttlMs - 1;
    expect(await stateOf(chat())).toBe('hit');
    now += 1;
    expect(await stateOf(chat())).toBe('miss');
  });

  test('rules by model', async () => {
    await using other = await start({
      ...settings,
      byModel: [
        { pattern: 'openai/*', ttlMs: 0 },
        { pattern: '*', ttlMs: 10 },
      ],
    });
    const ask = (name: string) =>
      stateOf(
        other.post('/v1/chat/completions', {
          model: name,
          messages,
          temperature: 0,
          max_tokens: 9,
        }),
      );
    await ask(model);
    expect(await ask(model)).toBe('bypass');
    await ask('anthropic/claude-haiku-4-5');
    expect(await ask('anthropic/claude-haiku-4-5')).toBe('hit');
    now += 10;
    expect(await ask('anthropic/claude-haiku-4-5')).toBe('miss');
  });

  test.each([
    ['key', 'miss'],
    ['shared', 'hit'],
  ] as const)('scope %s: another key’s request is a %s', async (scope, state) => {
    await using other = await start({ ...settings, scope });
    const ask = async (name: string) => {
      const { secret } = await other.gateway.keys.create({
        name,
        owner: 'someone',
        scopes: ['inference'],
      });
      const headers = { authorization: `Bearer ${secret}` };
      const body = { model, messages, temperature: 0 };
      return stateOf(other.post('/v1/chat/completions', body, headers));
    };
    expect(await ask('one')).toBe('miss');
    expect(await ask('two')).toBe(state);
  });

  test('an answer that fails, or breaks off, is not kept', async () => {
    openai.faults.push({ kind: 'status', status: 500 }, { kind: 'cut', afterRecords: 1 });
    expect((await chat()).status).toBe(500);
    await (await chat({ stream: true })).text();
    expect(await stateOf(chat())).toBe('miss');
    expect(await stateOf(chat())).toBe('hit');
  });

  test('of a race, the winner’s answer is kept', async () => {
    openai.faults.push({ kind: 'silence' });
    const first = await chat({ model: 'race', stream: true, max_tokens: 50 });
    const text = await first.text();
    const second = await chat({ model: 'race', max_tokens: 50 });
    expect(second.headers.get('x-zeke-cache')).toBe('hit');
    expect(second.headers.get('x-zeke-provider')).toBe('anthropic');
    expect(second.headers.get('x-zeke-strategy')).toBe('race');
    const content = ((await second.json()) as Chat).choices[0]?.message.content ?? '';
    expect(content).not.toBe('');
    expect(text.replaceAll(/[^a-z0-9]/g, '')).toContain('answer');
  });

  test('a response from the cache is kept, and can be referred to', async () => {
    const ask = (body: object) =>
      gateway.post('/v1/responses', {
        model: 'anthropic/claude-haiku-4-5',
        temperature: 0,
        ...body,
      });
    await (await ask({ input: 'hello' })).text();
    const again = await ask({ input: 'hello' });
    expect(again.headers.get('x-zeke-cache')).toBe('hit');
    const { id, output } = (await again.json()) as { id: string; output: unknown };
    const kept = await gateway.get(`/v1/responses/${id}`);
    expect(((await kept.json()) as { output: unknown }).output).toEqual(output);
    const next = await ask({ input: 'go on', previous_response_id: id });
    expect(next.headers.get('x-zeke-cache')).toBe('miss');
  });

  test('is on the ledger for nothing, in the statistics, and can be cleared', async () => {
    await stateOf(chat());
    await stateOf(chat());
    const [miss, hit] = await gateway.ledger();
    expect([miss?.outcome, hit?.outcome]).toEqual(['ok', 'cached']);
    expect(hit).toMatchObject({
      attempt: 0,
      provider: 'openai',
      model: 'gpt-4.1-mini',
      provider_dialect: 'none',
      cost_micro_usd: 0,
      input_tokens: 0,
    });
    const stats = (await (await gateway.get('/cache/stats')).json()) as Record<string, unknown>;
    expect(stats).toMatchObject({
      enabled: true,
      entries: 1,
      hits: 1,
      misses: 1,
      stored: 1,
      savedInputTokens: 3,
      savedOutputTokens: 7,
    });
    expect(stats.bytes).toBeGreaterThan(600);
    const metrics = await (await gateway.get('/metrics')).text();
    expect(metrics).toContain('zeke_gateway_cache_requests_total{state="hit"} 1');
    expect(metrics).toContain('zeke_gateway_cache_entries 1');
    const cleared = await gateway.post('/cache/clear', '');
    expect(await cleared.json()).toEqual({ cleared: 1 });
    expect(await stateOf(chat())).toBe('miss');
  });

  test('off, there is nothing of it', async () => {
    await using other = await start(undefined);
    const response = await other.post('/v1/chat/completions', { model, messages, temperature: 0 });
    expect(response.headers.has('x-zeke-cache')).toBe(false);
    expect(await (await other.get('/cache/stats')).json()).toEqual({ enabled: false });
    expect(await (await other.post('/cache/clear', '')).json()).toEqual({ cleared: 0 });
  });
});
