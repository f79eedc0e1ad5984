import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { type Emulator, startOllamaEmulator, startOpenAiEmulator } from '@zeke/emulators';
import { Secret } from '@zeke/foundation';
import { admin, keyOf } from '../../testing/budgeted-gateway.ts';
import { providerConfig, type TestGateway, testGateway } from '../../testing/test-gateway.ts';
import type { CacheSettings } from '../answer-cache.ts';
import { VectorIndex } from './vector-index.ts';

const model = 'openai/gpt-4.1-mini';
const semantic = {
  model: 'vectors/text-embedding-3-small',
  threshold: 0.98,
  maxEntries: 100,
  maxBytes: 1e7,
  timeoutMs: 5_000,
  withTools: false,
};
const cache: CacheSettings = {
  maxBytes: 1e7,
  maxTemperature: 0,
  scope: 'key',
  ttlMs: 60_000,
  byModel: [],
  semantic,
};

/** What the emulated model makes of texts: the test asks it for the similarity of two of them. */
async function similarity(url: string, a: string, b: string): Promise<number> {
  const response = await fetch(`${url}/v1/embeddings`, {
    method: 'POST',
    headers: { authorization: 'Bearer k', 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'text-embedding-3-small', input: [a, b] }),
  });
  const { data } = (await response.json()) as { data: { embedding: number[] }[] };
  const index = new VectorIndex({ maxEntries: 1, maxBytes: 1e9 });
  index.add('p', 'a', data[0]?.embedding ?? []);
  return index.nearest('p', data[1]?.embedding ?? [], -1)?.similarity ?? Number.NaN;
}

describe('the semantic cache', () => {
  let openai: Emulator;
  let vectors: Emulator;
  let local: Emulator;
  let gateway: TestGateway;
  let key: Record<string, string>;
  let now: number;

  beforeEach(async () => {
    now = Date.now();
    openai = startOpenAiEmulator();
    vectors = startOpenAiEmulator();
    local = startOllamaEmulator();
    await begin(cache);
  });
  afterEach(async () => {
    await gateway[Symbol.asyncDispose]();
    for (const each of [openai, vectors, local]) await each.stop();
  });
  const begin = async (settings: CacheSettings) => {
    const provider = (name: string, url: string) =>
      providerConfig({ name, type: 'openai', apiKey: 'k', baseUrl: `${url}/v1` });
    gateway = await testGateway({
      providers: [
        provider('openai', openai.url),
        provider('vectors', vectors.url),
        providerConfig({ name: 'home', type: 'ollama', baseUrl: local.url }),
      ],
      now: () => now,
      settings: {
        cache: settings,
        auth: { requireAuth: true, adminApiKey: new Secret('the-admin-key') },
        prices: new Map([['vectors/text-embedding-3-small', { input: 1_000_000, output: 0 }]]),
      },
    });
    key = (await keyOf(gateway)).headers;
  };
  const restart = async (changes: Partial<CacheSettings>) => {
    await gateway[Symbol.asyncDispose]();
    await begin({ ...cache, ...changes });
  };
  const say = (content: string) => [{ role: 'user', content }];
  const ask = async (text: string, more: object = {}, headers = key) => {
    const body = { model, messages: say(text), temperature: 0, ...more };
    const response = await gateway.post('/v1/chat/completions', body, headers);
    const answer = await response.text();
    expect(`${response.status} ${answer}`).toStartWith('200 ');
    return { state: response.headers.get('x-zeke-cache'), headers: response.headers, answer };
  };
  const states = async (...asked: Promise<{ state: string | null }>[]) => {
    const all: (string | null)[] = [];
    for (const each of asked) all.push((await each).state);
    return all;
  };
  const first = 'What is the capital of France?';
  const near = 'what is the capital of France';
  const far = 'Which of these trains leaves for Lyon on Sunday morning?';

  test('the questions of these tests are as near and as far as they say', async () => {
    expect(await similarity(vectors.url, first, near)).toBeGreaterThan(semantic.threshold);
    expect(await similarity(vectors.url, first, far)).toBeLessThan(semantic.threshold);
  });

  test('gives the answer to a question that means the same, and says how near it is', async () => {
    expect((await ask(first)).state).toBe('miss');
    const again = await ask(near);
    expect(again.state).toBe('semantic');
    expect(Number(again.headers.get('x-zeke-similarity'))).toBeGreaterThan(semantic.threshold);
    expect(again.headers.get('age')).toBe('0');
    expect(again.answer).toContain(`You said: ${first}`);
    expect(openai.requests).toHaveLength(1);
    expect((await ask(first)).state).toBe('hit');
    const stream = await ask(near, { stream: true });
    expect(stream.state).toBe('semantic');
    expect(stream.answer).toEndWith('data: [DONE]\n\n');
  });

  test('never gives it to another question', async () => {
    await ask(first);
    const other = await ask(far);
    expect(other.state).toBe('miss');
    expect(other.answer).toContain('trains');
    expect(openai.requests).toHaveLength(2);
  });

  test.each<[string, object]>([
    ['another model', { model: 'openai/gpt-4.1' }],
    ['another system prompt', { messages: [{ role: 'system', content: 'Lie.' }, ...say(near)] }],
    [
      'another talk before',
      { messages: [...say('hello'), { role: 'assistant', content: 'hi' }, ...say(near)] },
    ],
    ['another parameter', { max_tokens: 7 }],
    ['a seed', { seed: 3 }],
    ['a format', { response_format: { type: 'json_object' }, messages: say(`${near} in JSON`) }],
    ['an unknown parameter', { verbosity: 'low' }],
  ])('is not for %s', async (_, more) => {
    await ask(first);
    const body = { model, messages: say(near), temperature: 0, ...more };
    const response = await gateway.post('/v1/chat/completions', body, key);
    await response.text();
    expect(response.headers.get('x-zeke-cache')).not.toBe('semantic');
  });

  test.each<[string, object]>([
    ['a temperature', { temperature: 0.5 }],
    [
      'tools',
      { tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }] },
    ],
    [
      'pictures',
      {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: near },
              { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
            ],
          },
        ],
      },
    ],
  ])('makes no vector of requests with %s', async (_, more) => {
    await ask(first, more);
    await ask(near, more);
    expect(vectors.requests).toHaveLength(0);
  });

  test('is each key’s own, unless it is shared', async () => {
    const other = (await keyOf(gateway)).headers;
    await ask(first);
    expect((await ask(near, {}, other)).state).toBe('miss');
    await restart({ scope: 'shared' });
    const third = (await keyOf(gateway)).headers;
    await ask(first);
    expect((await ask(near, {}, third)).state).toBe('semantic');
  });

  test('puts what vectors cost on the ledger, and into the header', async () => {
    await ask(first);
    const again = await ask(near);
    expect(Number(again.headers.get('x-zeke-cost-usd'))).toBeGreaterThan(0);
    const rows = await gateway.ledger();
    expect(rows.map(({ operation, outcome }) => `${operation} ${outcome}`)).toEqual([
      'embeddings ok',
      'chat ok',
      'embeddings ok',
      'chat cached',
    ]);
    expect(rows[0]?.provider).toBe('vectors');
    expect(Number(rows[0]?.cost_micro_usd)).toBeGreaterThan(0);
    expect(rows[0]?.key_id).toBe(rows[1]?.key_id ?? '');
  });

  test.each([
    { kind: 'status', status: 500 } as const,
    { kind: 'status', status: 401 } as const,
    { kind: 'garbage' } as const,
  ])('goes on without a vector that cannot be had: %j', async (fault) => {
    vectors.faults.push(fault);
    expect((await ask(first)).state).toBe('miss');
    // It was kept for equal requests all the same, and not for others.
    expect((await ask(near)).state).toBe('miss');
    expect((await ask(first)).state).toBe('hit');
    const stats = await (await gateway.get('/cache/stats', admin)).json();
    expect(stats).toMatchObject({ questions: { failures: 1, entries: 1 } });
  });

  test('waits for a vector no longer than it may', async () => {
    await restart({ semantic: { ...semantic, timeoutMs: 20 } });
    vectors.faults.push({ kind: 'silence' });
    expect((await ask(first)).state).toBe('miss');
  });

  test('a question that may not leave is not sent for a vector', async () => {
    const shut = (await keyOf(gateway, { privacy: 'local_only' })).headers;
    const more = { model: 'home/qwen3:8b' };
    expect((await ask(first, more, shut)).state).toBe('miss');
    expect(vectors.requests).toHaveLength(0);
  });

  test('keeps to its time, to no-cache, and to what was cleared', async () => {
    await ask(first);
    const noCache = { ...key, 'cache-control': 'no-cache' };
    expect((await ask(near, {}, noCache)).state).toBe('bypass');
    const noStore = { ...key, 'cache-control': 'no-store' };
    expect((await ask(near, {}, noStore)).state).toBe('bypass');
    now += 60_001;
    expect(await states(ask(near))).toEqual(['miss']);
    await gateway.post('/cache/clear', {}, admin);
    expect((await ask(first)).state).toBe('miss');
    expect(await (await gateway.get('/cache/stats', admin)).json()).toMatchObject({
      semantic: 0,
      questions: { entries: 1 },
    });
  });

  test('equal questions at once are answered once', async () => {
    const all = await Promise.all([ask(first), ask(first), ask(first)]);
    expect(all.map(({ state }) => state).sort()).toEqual(['miss', 'shared', 'shared']);
    expect(openai.requests).toHaveLength(1);
  });

  test('is switched on and off by a new configuration', async () => {
    await ask(first);
    const { semantic: _, ...plain } = cache;
    gateway.configure({ cache: plain });
    expect((await ask(near)).state).toBe('miss');
    expect(vectors.requests).toHaveLength(1);
    gateway.configure({ cache });
    await ask(`${near}?`);
    expect(vectors.requests).toHaveLength(2);
  });
});
