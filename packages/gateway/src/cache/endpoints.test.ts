import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import {
  type Brain,
  type Emulator,
  startCompatibleEmulator,
  startGeminiEmulator,
  startOllamaEmulator,
  startOpenAiEmulator,
} from '@zeke/emulators';
import { providerConfig, type TestGateway, testGateway } from '../testing/test-gateway.ts';

const settings = {
  maxBytes: 1_000_000,
  ttlMs: 60_000,
  scope: 'key',
  maxTemperature: 0,
  byModel: [],
} as const;
const prompt = 'say it';
const messages = [{ role: 'user', content: prompt }];
const generate = {
  contents: [{ role: 'user', parts: [{ text: prompt }] }],
  generationConfig: { temperature: 0 },
};
const tools = [
  { type: 'function', function: { name: 'look', parameters: { type: 'object', properties: {} } } },
];

describe('every endpoint', () => {
  let emulators: Emulator[];
  let gateway: TestGateway;
  let said = 0;

  beforeAll(async () => {
    const usage = { input: 3, cachedInput: 0, output: 7, reasoning: 0 };
    const brain: Brain = ({ tools: given }) => {
      const text = `answer ${++said}`;
      const toolCalls = [{ name: 'look', arguments: {} }];
      return given?.length
        ? { text, toolCalls, finish: 'tool-calls', usage }
        : { text, finish: 'stop', usage };
    };
    const options = { apiKeys: ['k'], brain };
    const [openai, ollama, gemini, rack] = [
      startOpenAiEmulator(options),
      startOllamaEmulator({ brain }),
      startGeminiEmulator(options),
      startCompatibleEmulator(options),
    ];
    emulators = [openai, ollama, gemini, rack];
    gateway = await testGateway({
      providers: [
        providerConfig({
          name: 'openai',
          type: 'openai',
          apiKey: 'k',
          baseUrl: `${openai.url}/v1`,
        }),
        providerConfig({
          name: 'rack',
          type: 'compatible',
          apiKey: 'k',
          baseUrl: `${rack.url}/v1`,
        }),
        providerConfig({ name: 'ollama', type: 'ollama', baseUrl: ollama.url }),
        providerConfig({
          name: 'gemini',
          type: 'gemini',
          apiKey: 'k',
          baseUrl: `${gemini.url}/v1beta`,
        }),
      ],
      settings: { cache: settings },
    });
  });
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    await Promise.all(emulators.map((emulator) => emulator.stop()));
  });

  const openaiModel = 'openai/gpt-4.1-mini';
  const ollamaModel = 'ollama/llama3.2';
  const cold = { temperature: 0 };

  test.each<[string, string, object, object]>([
    ['chat', '/v1/chat/completions', { model: openaiModel, messages, ...cold }, { stream: true }],
    ['calls', '/v1/chat/completions', { model: openaiModel, messages, tools, ...cold }, {}],
    ['responses', '/v1/responses', { model: openaiModel, input: prompt, ...cold }, {}],
    [
      'responses, streamed',
      '/v1/responses',
      { model: openaiModel, input: 'stream it', ...cold },
      { stream: true },
    ],
    ['completions', '/v1/completions', { model: ollamaModel, prompt, ...cold }, { stream: true }],
    [
      'completions, passed through',
      '/v1/completions',
      { model: 'rack/qwen3-coder', prompt, suffix: ' now', ...cold },
      { stream: true },
    ],
    [
      'completions, passed through as a stream',
      '/v1/completions',
      { model: 'rack/qwen3-coder', prompt, stream: true, ...cold },
      { stream: false },
    ],
    ['messages', '/v1/messages', { model: ollamaModel, messages, max_tokens: 50, ...cold }, {}],
    [
      'messages, streamed',
      '/v1/messages',
      { model: openaiModel, messages, max_tokens: 50, ...cold },
      { stream: true },
    ],
    [
      'ollama chat',
      '/api/chat',
      { model: ollamaModel, messages, options: cold, stream: false },
      { stream: true },
    ],
    [
      'ollama generate',
      '/api/generate',
      { model: ollamaModel, prompt, options: cold, stream: false },
      { stream: true },
    ],
    ['gemini', '/v1beta/models/gemini/gemini-2.5-flash:generateContent', generate, {}],
    ['gemini, translated', `/v1beta/models/${openaiModel}:generateContent`, generate, {}],
  ])('%s: asked once, answered the same, whole and as a stream', async (_, path, body, more) => {
    const before = said;
    const first = await gateway.post(path, body);
    expect(first.status).toBe(200);
    expect(first.headers.get('x-zeke-cache')).toBe('miss');
    const text = `answer ${before + 1}`;
    expect(await first.text()).toContain(text);
    const again = [
      await gateway.post(path, body),
      await gateway.post(path, { ...body, ...more }),
      ...(path.includes(':generateContent')
        ? [await gateway.post(path.replace(':g', ':streamG'), body)]
        : []),
    ];
    for (const response of again) {
      expect(response.headers.get('x-zeke-cache')).toBe('hit');
      expect(await response.text()).toContain(text);
    }
    expect(said).toBe(before + 1);
  });

  test('a stream of Gemini’s without SSE is an array from the cache, too', async () => {
    const path = '/v1beta/models/gemini/gemini-2.5-pro:streamGenerateContent';
    const [first, second] = [
      await gateway.post(path, generate),
      await gateway.post(path, generate),
    ];
    expect(await first.json()).toBeArray();
    expect(second.headers.get('x-zeke-cache')).toBe('hit');
    expect(await second.json()).toBeArray();
  });

  test('a response that a provider keeps: that of a hit is kept here, and goes on', async () => {
    const ask = (body: object) =>
      gateway.post('/v1/responses', { model: openaiModel, ...cold, ...body });
    const [first, second] = [await ask({ input: 'one' }), await ask({ input: 'one' })];
    expect(second.headers.get('x-zeke-cache')).toBe('hit');
    const [own, hit] = [
      (await first.json()) as { id: string },
      (await second.json()) as { id: string },
    ];
    expect(hit.id).not.toBe(own.id);
    expect((await gateway.get(`/v1/responses/${hit.id}`)).status).toBe(200);
    const goesOn = await ask({ input: 'two', previous_response_id: hit.id });
    expect([goesOn.status, goesOn.headers.get('x-zeke-cache')]).toEqual([200, 'miss']);
    const there = await ask({ input: 'two', previous_response_id: own.id });
    expect([there.status, there.headers.get('x-zeke-cache')]).toEqual([200, 'bypass']);
  });

  test('another configuration leaves what is kept, and an end of the cache does not', async () => {
    const stateOf = async () => {
      const body = { model: openaiModel, messages: [{ role: 'user', content: 'again' }], ...cold };
      const response = await gateway.post('/v1/chat/completions', body);
      await response.text();
      return response.headers.get('x-zeke-cache');
    };
    await stateOf();
    gateway.configure({ cache: { ...settings, ttlMs: 5 } });
    expect(await stateOf()).toBe('hit');
    gateway.configure({ cache: { ...settings, maxBytes: 1 } });
    expect(await stateOf()).toBe('miss');
    gateway.configure({ cache: settings });
    expect([await stateOf(), await stateOf()]).toEqual(['miss', 'hit']);
    gateway.configure({ cache: undefined });
    expect(await stateOf()).toBeNull();
    gateway.configure({ cache: settings });
    expect(await stateOf()).toBe('miss');
  });
});
