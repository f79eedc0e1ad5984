import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import {
  type Brain,
  type Emulator,
  startAnthropicEmulator,
  startOpenAiEmulator,
} from '@zeke/emulators';
import { providerConfig, type TestGateway, testGateway } from '../testing/test-gateway.ts';

/** 30 tokens in and 7 out, at $10 and $100 a million: $0.001; of Claude's input only one token is told. */
const brain: Brain = () => ({
  text: 'seven words',
  finish: 'stop',
  usage: { input: 30, cachedInput: 0, output: 7, reasoning: 0 },
});
const cost = '0.001000';
const price = { input: 10, output: 100 };
const model = 'openai/gpt-4.1-mini';
const claude = 'claude/claude-sonnet-4-5';
const messages = [{ role: 'user', content: 'x' }];

describe('what a request has cost', () => {
  let openai: Emulator;
  let anthropic: Emulator;
  let gateway: TestGateway;
  beforeAll(async () => {
    openai = startOpenAiEmulator({ brain });
    anthropic = startAnthropicEmulator({ brain });
    gateway = await testGateway({
      providers: [
        providerConfig({
          name: 'openai',
          type: 'openai',
          apiKey: 'k',
          baseUrl: `${openai.url}/v1`,
        }),
        providerConfig({ name: 'claude', type: 'anthropic', apiKey: 'k', baseUrl: anthropic.url }),
      ],
      settings: {
        prices: new Map([
          ['gpt-4.1-mini', price],
          ['claude-sonnet-4-5', price],
          ['gpt-3.5-turbo-instruct', price],
          ['text-embedding-3-small', { input: 1_000_000, output: 0 }],
        ]),
        cache: { maxBytes: 1e6, maxTemperature: 0, scope: 'shared', ttlMs: 60_000, byModel: [] },
        aliases: new Map([
          [
            'both',
            { strategy: 'parallel_merge', merge: 'vote', candidates: [model, claude], k: 2 },
          ],
          ['spare', { strategy: 'fallback', candidates: [claude, model] }],
        ]),
      },
    });
  });
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    await openai.stop();
    await anthropic.stop();
  });

  const told = [
    'x-zeke-provider',
    'x-zeke-model',
    'x-zeke-strategy',
    'x-zeke-attempts',
    'x-zeke-cost-usd',
    'x-zeke-cache',
  ];

  test.each<[string, object, string]>([
    ['/v1/chat/completions', { model, messages }, cost],
    ['/v1/chat/completions', { model: claude, messages }, '0.000710'],
    ['/v1/messages', { model: claude, messages, max_tokens: 9 }, '0.000710'],
    ['/v1/messages', { model, messages, max_tokens: 9 }, cost],
    ['/v1/responses', { model, input: 'x' }, cost],
    ['/v1/completions', { model: 'openai/gpt-3.5-turbo-instruct', prompt: 'x' }, cost],
    [`/v1beta/models/${model}:generateContent`, { contents: [{ parts: [{ text: 'x' }] }] }, cost],
    ['/api/chat', { model, messages, stream: false }, cost],
    ['/v1/embeddings', { model: 'openai/text-embedding-3-small', input: 'x' }, '1.000000'],
    ['/providers/openai/v1/chat/completions', { model: 'gpt-4.1-mini', messages }, cost],
  ])('stands in the head of whole answers, with all else: %s', async (path, body, expected) => {
    const { headers, status } = await gateway.post(path, body);
    expect(status).toBe(200);
    expect(headers.get('x-zeke-cost-usd')).toBe(expected);
    for (const name of told) expect([name, headers.get(name)]).not.toEqual([name, null]);
  });

  test('is that of all attempts of the request, and of none for a kept answer', async () => {
    const merged = await gateway.post('/v1/chat/completions', { model: 'both', messages });
    expect(merged.headers.get('x-zeke-cost-usd')).toBe('0.001710');
    const body = { model, messages, temperature: 0 };
    const first = await gateway.post('/v1/chat/completions', body);
    expect(first.headers.get('x-zeke-cache')).toBe('miss');
    const kept = await gateway.post('/v1/chat/completions', body);
    expect(kept.headers.get('x-zeke-cache')).toBe('hit');
    expect(kept.headers.get('x-zeke-cost-usd')).toBe('0.000000');
    anthropic.faults.push({ kind: 'status', status: 529 });
    const second = await gateway.post('/v1/chat/completions', { model: 'spare', messages });
    expect(second.headers.get('x-zeke-attempts')).toBe('2');
    expect(second.headers.get('x-zeke-cost-usd')).toBe(cost);
  });

  test('is what the ledger says', async () => {
    const response = await gateway.post('/v1/chat/completions', { model, messages });
    const row = (await gateway.ledger()).at(-1);
    expect(Number(row?.cost_micro_usd) / 1e6).toBe(Number(response.headers.get('x-zeke-cost-usd')));
  });

  test('is not told of what has no price', async () => {
    const { headers } = await gateway.post('/v1/chat/completions', {
      model: 'openai/o4-mini',
      messages,
    });
    expect(headers.get('x-zeke-model')).toBe('o4-mini');
    const unpriced = await gateway.post('/v1/moderations', { input: 'x' });
    expect(unpriced.headers.has('x-zeke-cost-usd')).toBe(false);
  });

  const omen = { include_cost: true };

  test.each<[string, object, number]>([
    ['/v1/chat/completions', { model, messages, stream: true }, 0.001],
    ['/v1/chat/completions', { model: claude, messages, stream: true }, 0.00071],
    ['/v1/messages', { model: claude, messages, max_tokens: 9, stream: true }, 0.00071],
    ['/v1/responses', { model, input: 'x', stream: true }, 0.001],
    [
      `/v1beta/models/${model}:streamGenerateContent?alt=sse`,
      { contents: [{ parts: [{ text: 'x' }] }] },
      0.001,
    ],
    ['/api/chat', { model, messages }, 0.001],
    ['/v1/chat/completions', { model: 'both', messages, stream: true }, 0.00171],
  ])('ends a stream that asks for it: %s %j', async (path, body, expected) => {
    const text = await (await gateway.post(path, { ...body, omen })).text();
    expect(text.match(/"omen":\{"cost_usd":([\d.]+)\}/g)).toEqual([
      `"omen":{"cost_usd":${expected}}`,
    ]);
    const plain = await (await gateway.post(path, body)).text();
    expect(plain).not.toContain('cost_usd');
  });
});
