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
      providerConfig({ name: 'o', type: 'openai', apiKey: 'k', baseUrl: `${openai.url}/v1` }),
      providerConfig({ name: 'a', type: 'anthropic', apiKey: 'k', baseUrl: anthropic.url }),
    ],
    settings: {
      aliases: new Map([
        ['best', { strategy: 'fallback', candidates: ['a/claude-sonet-4-5', 'o/gpt-4.1-mini'] }],
      ]),
    },
  });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await openai.stop();
  await anthropic.stop();
});

const messages = [{ role: 'user', content: 'Hello' }];

test('a mistyped model of a known provider is told with the nearest, in the shape of the caller', async () => {
  const body = { model: 'a/claude-sonet-4-5', max_tokens: 50, messages };
  const same = await gateway.post('/v1/messages', body);
  expect(same.status).toBe(404);
  expect(await same.json()).toMatchObject({
    type: 'error',
    error: {
      type: 'not_found_error',
      message: expect.stringMatching(/^a has no model .*did you mean a\/claude-sonnet-4-5/),
    },
  });
  const other = await gateway.post('/v1/chat/completions', body);
  expect(other.status).toBe(404);
  expect(await other.json()).toMatchObject({
    error: { code: 'model_not_found', message: expect.stringContaining('a/claude-sonnet-4-5') },
  });
});

test('an alias goes on to its next candidate where the first does not have the model', async () => {
  const answer = await gateway.post('/v1/chat/completions', { model: 'best', messages });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('x-zeke-provider')).toBe('o');
});

test('a look-up of a mistyped model names the nearest, one like none says where the list is', async () => {
  const message = async (answer: Response) => {
    expect(answer.status).toBe(404);
    return JSON.stringify(await answer.json());
  };
  expect(await message(await gateway.get('/v1/models/gpt-4.1-mni'))).toContain('o/gpt-4.1-mini');
  expect(await message(await gateway.get('/v1/models/nope'))).toContain('GET /v1/models lists');
  expect(await message(await gateway.get('/v1beta/models/nope'))).toContain('GET /v1beta/models');
  const show = (model: string) => gateway.post('/api/show', { model });
  expect(await message(await show('a/claude-sonet-4-5'))).toContain('a/claude-sonnet-4-5');
  expect(await message(await show('nope'))).toContain('GET /api/tags lists');
});
