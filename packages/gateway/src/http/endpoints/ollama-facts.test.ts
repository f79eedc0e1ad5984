import { afterAll, beforeAll, expect, test } from 'bun:test';
import { type Emulator, startAnthropicEmulator, startOllamaEmulator } from '@zeke/emulators';
import { providerConfig, type TestGateway, testGateway } from '../../testing/test-gateway.ts';

let ollama: Emulator;
let anthropic: Emulator;
let gateway: TestGateway;

beforeAll(async () => {
  ollama = startOllamaEmulator();
  anthropic = startAnthropicEmulator({ apiKeys: ['k'] });
  gateway = await testGateway({
    providers: [
      providerConfig({ name: 'local', type: 'ollama', baseUrl: ollama.url }),
      providerConfig({ name: 'gone', type: 'ollama', baseUrl: 'http://127.0.0.1:1' }),
      providerConfig({ name: 'a', type: 'anthropic', apiKey: 'k', baseUrl: anthropic.url }),
    ],
  });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await ollama.stop();
  await anthropic.stop();
});

interface Listed {
  models: { name: string; capabilities?: string[]; details: Record<string, unknown> }[];
}

async function models(path: string): Promise<Listed['models']> {
  return ((await (await gateway.get(path)).json()) as Listed).models;
}

test.each(['local/gemma3:4b', 'gemma3:4b'])('an Ollama itself shows %s', async (model) => {
  const ask = (url: string, name: string) =>
    new Request(`${url}/api/show`, { method: 'POST', body: JSON.stringify({ model: name }) });
  const own = await (await fetch(ask(ollama.url, 'gemma3:4b'))).json();
  const answer = await gateway.gateway.handle(ask('http://127.0.0.1', model));
  expect(await answer.json()).toEqual(own);
});

test('a model that an Ollama does not have is told with the nearest', async () => {
  const answer = await gateway.post('/api/show', { model: 'local/gemma3:4v' });
  expect(answer.status).toBe(404);
  expect(await answer.json()).toEqual({
    error: expect.stringContaining('did you mean local/gemma3:4b'),
  });
});

test('of the model of another vendor only what is known is shown', async () => {
  const answer = await gateway.post('/api/show', { model: 'a/claude-sonnet-4-5' });
  expect(await answer.json()).toMatchObject({
    template: '',
    modelfile: '',
    capabilities: expect.arrayContaining(['completion', 'tools']),
    model_info: { 'anthropic.context_length': expect.any(Number) },
  });
});

test('the list tells models of an Ollama as that one does', async () => {
  const listed = await models('/api/tags');
  const own = listed.find(({ name }) => name === 'local/llama3.2:latest');
  expect(own?.details).toMatchObject({ parameter_size: '8.0B', quantization_level: 'Q4_K_M' });
  const other = listed.find(({ name }) => name === 'a/claude-sonnet-4-5');
  expect(other?.details).toMatchObject({ parameter_size: '', format: '' });
});

test('running are the models that an Ollama has loaded', async () => {
  expect(await models('/api/ps')).toEqual([]);
  const messages = [{ role: 'user', content: 'Hello' }];
  await gateway.post('/api/chat', { model: 'local/qwen3:8b', stream: false, messages });
  expect((await models('/api/ps')).map(({ name }) => name)).toEqual(['local/qwen3:8b']);
});

test('the list for clients of Anthropic has the limits that the provider states', async () => {
  const headers = { 'anthropic-version': '2023-06-01' };
  const answer = await gateway.get('/v1/models/a/claude-sonnet-4-5', headers);
  expect(await answer.json()).toMatchObject({
    max_input_tokens: expect.any(Number),
    max_tokens: expect.any(Number),
  });
});
