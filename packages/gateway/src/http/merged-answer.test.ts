import { expect, test } from 'bun:test';
import { type Brain, startAnthropicEmulator, startOpenAiEmulator } from '@zeke/emulators';
import { Secret } from '@zeke/foundation';
import type { CacheSettings } from '../cache/answer-cache.ts';
import type { ModelAlias } from '../routing/model-catalog.ts';
import { providerConfig, testGateway } from '../testing/test-gateway.ts';

const admin = { authorization: 'Bearer the-admin-key' };
const messages = [{ role: 'user', content: 'Which city?' }];
const usage = { input: 10, cachedInput: 0, output: 5, reasoning: 0 };
const saying =
  (text: string): Brain =>
  () => ({ text, finish: 'stop', usage });

/** Two of OpenAI's, and one of Anthropic's that judges; $1 and $10 for a million tokens of any. */
async function bench(cache?: CacheSettings) {
  const openai = startOpenAiEmulator({ apiKeys: ['k'], brain: saying('Rome') });
  const other = startOpenAiEmulator({ apiKeys: ['k'], brain: saying('Oslo') });
  const claude = startAnthropicEmulator({ apiKeys: ['k'], brain: saying('{"best": 2}') });
  const price = { input: 1, output: 10 };
  const candidates = ['openai/gpt-4.1-mini', 'other/gpt-4.1-mini'];
  const judge = 'claude/claude-sonnet-4-5';
  const aliases = new Map<string, ModelAlias>([
    ['best', { strategy: 'parallel_merge', candidates, merge: 'best', judge }],
    ['mixed', { strategy: 'parallel_merge', candidates: [judge, ...candidates] }],
  ]);
  const gateway = await testGateway({
    providers: [
      providerConfig({ name: 'openai', type: 'openai', apiKey: 'k', baseUrl: `${openai.url}/v1` }),
      providerConfig({ name: 'other', type: 'openai', apiKey: 'k', baseUrl: `${other.url}/v1` }),
      providerConfig({ name: 'claude', type: 'anthropic', apiKey: 'k', baseUrl: claude.url }),
    ],
    settings: {
      aliases,
      cache,
      auth: { requireAuth: true, adminApiKey: new Secret('the-admin-key') },
      prices: new Map([
        ['gpt-4.1-mini', price],
        ['claude-sonnet-4-5', price],
      ]),
    },
  });
  return {
    claude,
    gateway,
    openai,
    chat: (body: object, headers: Record<string, string> = admin) =>
      gateway.post('/v1/chat/completions', { messages, ...body }, headers),
    [Symbol.asyncDispose]: async () => {
      await gateway[Symbol.asyncDispose]();
      await Promise.all([openai, other, claude].map((each) => each.stop()));
    },
  };
}

test('a judge is asked in its own dialect, and what it cost is on the ledger', async () => {
  await using at = await bench();
  const response = await at.chat({ model: 'best' });
  expect(response.headers.get('x-zeke-merge')).toBe('best');
  const { choices, usage: told } = (await response.json()) as {
    choices: { message: { content: string } }[];
    usage: { prompt_tokens: number; completion_tokens: number };
  };
  expect(choices[0]?.message.content).toBe('Oslo');
  const rows = await at.gateway.ledger();
  expect(rows.map((row) => `${row.provider} ${row.provider_dialect}`).sort()).toEqual([
    'claude anthropic-messages',
    'openai openai-chat',
    'other openai-chat',
  ]);
  expect(rows.every((row) => (row.cost_micro_usd ?? 0) > 0)).toBe(true);
  expect(told).toMatchObject({
    prompt_tokens: rows.reduce((sum, row) => sum + row.input_tokens, 0),
    completion_tokens: rows.reduce((sum, row) => sum + row.output_tokens, 0),
  });
});

test('a budget without room for the judge leaves the answers as they are', async () => {
  await using at = await bench();
  const made = await at.gateway.post('/admin/keys', { name: 'a' }, admin);
  const { id, secret } = (await made.json()) as { id: string; secret: string };
  const budget = { kind: 'key', id, period: 'month', mode: 'hard', limit_usd: 0.01 };
  const set = new Request('http://127.0.0.1/admin/budgets', {
    method: 'PUT',
    headers: { ...admin, 'content-type': 'application/json' },
    body: JSON.stringify(budget),
  });
  expect((await at.gateway.gateway.handle(set)).status).toBe(200);
  // The judge may write 4,096 tokens, for $0.04.
  const body = { model: 'best', max_tokens: 50 };
  const response = await at.chat(body, { authorization: `Bearer ${secret}` });
  expect(response.status).toBe(200);
  expect(response.headers.get('x-zeke-merge')).toBe('fallback');
  expect(at.claude.requests).toHaveLength(0);
  expect(JSON.stringify(at.gateway.logged)).toContain('the judge failed (resource_exhausted)');
});

test('who cannot take a request is left out', async () => {
  await using at = await bench();
  const sound = { type: 'input_audio', input_audio: { data: 'UklGRiQAAABXQVZF', format: 'wav' } };
  const response = await at.chat({
    model: 'mixed',
    messages: [{ role: 'user', content: [{ type: 'text', text: 'What is it?' }, sound] }],
  });
  expect(response.status).toBe(200);
  expect(response.headers.get('x-zeke-merge')).toBe('vote');
  expect(at.claude.requests).toHaveLength(0);
  const rows = await at.gateway.ledger();
  expect(rows.map((row) => `${row.provider} ${row.outcome}`).sort()).toEqual([
    'claude error',
    'openai ok',
    'other ok',
  ]);
});

test('what had to be changed for the winner is told', async () => {
  await using at = await bench();
  const body = { model: 'best', max_tokens: 50, messages, top_k: 3 };
  const response = await at.gateway.post('/v1/messages', body, admin);
  expect(response.headers.get('x-zeke-translation')).toBe('dropped top_k');
  expect(response.headers.get('request-id')).toBe(response.headers.get('x-request-id'));
});

test('what providers do not say of their usage is counted, once', async () => {
  const choices = [
    { index: 0, message: { role: 'assistant', content: 'Rome' }, finish_reason: 'stop' },
  ];
  using quiet = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: () => Response.json({ choices }),
  });
  const entry = (name: string) =>
    providerConfig({ name, type: 'compatible', baseUrl: quiet.url.origin, models: ['m'] });
  const panel: ModelAlias = { strategy: 'parallel_merge', candidates: ['one/m', 'two/m'] };
  await using gateway = await testGateway({
    providers: [entry('one'), entry('two')],
    settings: { aliases: new Map([['panel', panel]]) },
  });
  const response = await gateway.post('/v1/chat/completions', { model: 'panel', messages });
  const { usage: told } = (await response.json()) as { usage: Record<string, number> };
  const rows = await gateway.ledger();
  expect(rows.map((row) => row.estimated)).toEqual([true, true]);
  expect(rows[0]?.input_tokens).toBeGreaterThan(0);
  expect(told.prompt_tokens).toBe(2 * (rows[0]?.input_tokens ?? 0));
  expect(told.completion_tokens).toBe(2 * (rows[0]?.output_tokens ?? 0));
});

test('a client that leaves cancels all, and no judge is asked', async () => {
  const allAsked = Promise.withResolvers<void>();
  const asked: string[] = [];
  using silent = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: async (request) => {
      asked.push(((await request.json()) as { model: string }).model);
      if (asked.length === 2) allAsked.resolve();
      return new Promise<Response>(() => {});
    },
  });
  const baseUrl = silent.url.origin;
  const candidates = ['p/one', 'p/two'];
  const panel: ModelAlias = { strategy: 'parallel_merge', candidates, merge: 'best', judge: 'p/j' };
  const models = ['one', 'two', 'j'];
  await using gateway = await testGateway({
    providers: [providerConfig({ name: 'p', type: 'compatible', baseUrl, models })],
    settings: { aliases: new Map([['panel', panel]]) },
  });
  const controller = new AbortController();
  const answer = gateway.gateway.handle(
    new Request('http://127.0.0.1/v1/chat/completions', {
      method: 'POST',
      body: JSON.stringify({ model: 'panel', messages }),
      signal: controller.signal,
    }),
  );
  await allAsked.promise;
  controller.abort();
  expect((await answer).status).toBe(499);
  const rows = await gateway.ledger();
  expect(rows.map((row) => `${row.model} ${row.outcome}`).sort()).toEqual([
    'one canceled',
    'two canceled',
  ]);
  expect(asked.sort()).toEqual(['one', 'two']);
});

test('a merged answer is cached as others are, and a fallback is not', async () => {
  const cache = {
    maxBytes: 1e6,
    ttlMs: 1e6,
    scope: 'key',
    maxTemperature: 1,
    byModel: [],
  } as const;
  await using at = await bench(cache);
  const ask = async (stream: boolean) => {
    const { headers } = await at.chat({ model: 'best', stream });
    return ['x-zeke-cache', 'x-zeke-merge', 'x-zeke-attempts'].map((name) => headers.get(name));
  };
  at.claude.faults.push({ kind: 'status', status: 500 });
  expect(await ask(false)).toEqual(['miss', 'fallback', '3']);
  expect(await ask(true)).toEqual(['miss', 'best', '3']);
  expect(await ask(false)).toEqual(['hit', 'best', '0']);
  expect(await at.gateway.ledger()).toHaveLength(7);
});

test('equal requests at the same time are merged once, or each for itself where that fails', async () => {
  const cache = {
    maxBytes: 1e6,
    ttlMs: 1e6,
    scope: 'key',
    maxTemperature: 1,
    byModel: [],
  } as const;
  await using at = await bench(cache);
  const both = async () =>
    (await Promise.all([at.chat({ model: 'best' }), at.chat({ model: 'best' })])).map(
      ({ headers }) => headers.get('x-zeke-merge'),
    );
  at.claude.faults.push({ kind: 'status', status: 500 });
  expect((await both()).sort()).toEqual(['best', 'fallback']);
  expect(await both()).toEqual(['best', 'best']);
});
