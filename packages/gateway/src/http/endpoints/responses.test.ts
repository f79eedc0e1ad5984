import { afterAll, beforeAll, expect, test } from 'bun:test';
import { type Emulator, startAnthropicEmulator, startOpenAiEmulator } from '@zeke/emulators';
import OpenAI from 'openai';
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

const create = (model: string, more: Record<string, unknown> = {}) =>
  gateway.post('/v1/responses', { model, input: 'my name is Ada', ...more });

test.each([
  ['openai/gpt-4.1-mini', false],
  ['openai/gpt-4.1-mini', true],
  ['anthropic/claude-sonnet-4-5', false],
  ['anthropic/claude-sonnet-4-5', true],
])('%s (stream %p) keeps its answer, goes on from it, and forgets it', async (model, stream) => {
  const first = await create(model, { stream });
  const text = await first.text();
  const id = /"id":\s?"(resp_[^"]+)"/.exec(text)?.[1] as string;
  expect(id).toBeString();

  const kept = await gateway.get(`/v1/responses/${id}`);
  expect(kept.status).toBe(200);
  expect(((await kept.json()) as { id: string }).id).toBe(id);

  const second = await create(model, { input: 'what is my name?', previous_response_id: id });
  expect(second.status).toBe(200);
  const sent = (model.startsWith('openai') ? openai : anthropic).requests.at(-1);
  const body = new TextDecoder().decode(sent?.body);
  if (model.startsWith('anthropic')) expect(body).toContain('my name is Ada');

  const request = new Request(`http://127.0.0.1/v1/responses/${id}`, { method: 'DELETE' });
  const deleted = await gateway.gateway.handle(request);
  expect(deleted.status).toBe(200);
  expect((await gateway.get(`/v1/responses/${id}`)).status).toBe(404);
});

test('with store false nothing is kept', async () => {
  const answer = (await (await create('anthropic/claude-sonnet-4-5', { store: false })).json()) as {
    id: string;
  };
  expect((await gateway.get(`/v1/responses/${answer.id}`)).status).toBe(404);
});

test('an answer is kept for the key that asked for it only', async () => {
  const { secret } = await gateway.gateway.keys.create({ name: 'other', owner: 'other' });
  const answer = (await (await create('anthropic/claude-sonnet-4-5')).json()) as { id: string };
  const seen = await gateway.get(`/v1/responses/${answer.id}`, {
    authorization: `Bearer ${secret}`,
  });
  expect(seen.status).toBe(404);
});

test('an unknown earlier answer is an error in the dialect, naming the field', async () => {
  const response = await create('openai/gpt-4.1-mini', { previous_response_id: 'resp_nope' });
  expect(response.status).toBe(404);
  expect(((await response.json()) as { error: { param: string } }).error.param).toBe(
    'previous_response_id',
  );
});

test('the official client lists what was said for a kept response, page by page', async () => {
  const client = new OpenAI({
    apiKey: 'none',
    baseURL: 'http://127.0.0.1/v1',
    fetch: async (url, init) => gateway.gateway.handle(new Request(String(url), init)),
  });
  const model = 'anthropic/claude-sonnet-4-5';
  const first = await client.responses.create({ model, input: 'my name is Ada' });
  const second = await client.responses.create({
    model,
    input: [{ role: 'user', content: 'what is my name?' }],
    previous_response_id: first.id,
  });
  const items = [];
  for await (const item of client.responses.inputItems.list(second.id, {
    order: 'asc',
    limit: 2,
  })) {
    items.push(item);
  }
  expect(items).toMatchObject([
    { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'my name is Ada' }] },
    { type: 'message', role: 'assistant', content: [{ type: 'output_text' }] },
    { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'what is my name?' }] },
  ]);
  expect(new Set(items.map(({ id }) => id)).size).toBe(3);
  const [last] = (await client.responses.inputItems.list(second.id, { limit: 1 })).data;
  expect(last?.id).toBe(items[2]?.id as string);
});

test('a provider that keeps a response lists its input itself', async () => {
  const { id } = (await (await create('openai/gpt-4.1-mini')).json()) as { id: string };
  const asked = openai.requests.length;
  await gateway.get(`/v1/responses/${id}/input_items?limit=5`);
  expect(openai.requests[asked]).toMatchObject({
    method: 'GET',
    path: `/v1/responses/${id}/input_items`,
  });
});

test('an id in the path that is not known names no field of a body', async () => {
  const told = async (answer: Response) =>
    ((await answer.json()) as { error: { param: string | null } }).error.param;
  expect(await told(await gateway.get('/v1/responses/nope'))).toBeNull();
  expect(await told(await gateway.get('/v1/responses/nope/input_items'))).toBeNull();
  const model = 'openai/gpt-4.1-mini';
  const following = await create(model, { previous_response_id: 'nope' });
  expect(await told(following)).toBe('previous_response_id');
});
