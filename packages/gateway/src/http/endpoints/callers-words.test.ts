import { afterAll, beforeAll, expect, test } from 'bun:test';
import { type Emulator, startAnthropicEmulator, startOpenAiEmulator } from '@zeke/emulators';
import { providerConfig, type TestGateway, testGateway } from '../../testing/test-gateway.ts';

let openai: Emulator;
let anthropic: Emulator;
let gateway: TestGateway;

beforeAll(async () => {
  openai = startOpenAiEmulator({ apiKeys: ['k'] });
  anthropic = startAnthropicEmulator({ apiKeys: ['k'] });
  gateway = await testGateway({
    providers: [
      providerConfig({ name: 'openai', type: 'openai', apiKey: 'k', baseUrl: `${openai.url}/v1` }),
      providerConfig({ name: 'anthropic', type: 'anthropic', apiKey: 'k', baseUrl: anthropic.url }),
    ],
  });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await openai.stop();
  await anthropic.stop();
});

const messages = [{ role: 'user', content: 'Hello' }];

test('a refusal names the field as the caller of OpenAI wrote it', async () => {
  const body = { model: 'anthropic/claude-sonnet-4-5', n: 2, messages };
  const answer = await gateway.post('/v1/chat/completions', body);
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({
    error: { param: 'n', message: expect.stringMatching(/^n: /) },
  });
});

test('the header names the fields as the caller of Anthropic wrote them', async () => {
  const answer = await gateway.post('/v1/messages', {
    model: 'openai/gpt-4.1-mini',
    max_tokens: 100,
    top_k: 5,
    system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
    messages,
  });
  expect(answer.status).toBe(200);
  const told = answer.headers.get('x-zeke-translation')?.split('; ');
  expect(told?.toSorted()).toEqual(['dropped system[].cache_control', 'dropped top_k']);
});

test('so does the header of an answer to a caller of Gemini and of Ollama', async () => {
  const gemini = await gateway.post('/v1beta/models/anthropic/claude-sonnet-4-5:generateContent', {
    contents: [{ role: 'user', parts: [{ text: 'Hello' }] }],
    generationConfig: { seed: 7, maxOutputTokens: 50 },
  });
  expect(gemini.headers.get('x-zeke-translation')).toBe('dropped generationConfig.seed');
  const body = { model: 'anthropic/claude-sonnet-4-5', stream: false, messages };
  const ollama = await gateway.post('/api/chat', {
    ...body,
    options: { seed: 7, num_predict: 50 },
  });
  expect(ollama.headers.get('x-zeke-translation')).toBe('dropped options.seed');
});
