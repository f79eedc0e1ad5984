import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { type Emulator, startOllamaEmulator, startOpenAiEmulator } from '@zeke/emulators';
import { Secret } from '@zeke/foundation';
import { admin } from '../testing/budgeted-gateway.ts';
import { providerConfig, type TestGateway, testGateway } from '../testing/test-gateway.ts';

const messages = [{ role: 'user', content: 'hello there' }];

describe('what stays here', () => {
  let cloud: Emulator;
  let local: Emulator;
  let gateway: TestGateway;
  let open: Record<string, string>;
  let shut: Record<string, string>;
  let shutId: string;

  beforeAll(async () => {
    cloud = startOpenAiEmulator();
    local = startOllamaEmulator();
    const url = `${cloud.url}/v1`;
    gateway = await testGateway({
      providers: [
        providerConfig({ name: 'cloud', type: 'openai', apiKey: 'k', baseUrl: url }),
        providerConfig({ name: 'home', type: 'ollama', baseUrl: local.url }),
      ],
      settings: {
        auth: { requireAuth: true, adminApiKey: new Secret('the-admin-key') },
        privacy: {
          localOnly: false,
          localOnlyProjects: new Set(['secret']),
          preferLocalFor: [],
        },
        aliases: new Map([
          ['any', { strategy: 'fallback', candidates: ['cloud/gpt-4.1-mini', 'home/qwen3:8b'] }],
          ['ranked', { strategy: 'race', candidates: ['cloud/gpt-4.1-mini', 'home/qwen3:8b'] }],
        ]),
      },
    });
    const make = async (fields: object) => {
      const response = await gateway.post('/admin/keys', { name: 'a', ...fields }, admin);
      return (await response.json()) as { id: string; secret: string };
    };
    open = { authorization: `Bearer ${(await make({})).secret}` };
    const made = await make({ privacy: 'local_only' });
    shutId = made.id;
    shut = { authorization: `Bearer ${made.secret}` };
  });
  beforeEach(() => {
    cloud.requests.length = 0;
  });
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    await cloud.stop();
    await local.stop();
  });

  const model = 'cloud/gpt-4.1-mini';
  const requests: [what: string, path: string, body: object][] = [
    ['chat', '/v1/chat/completions', { model, messages }],
    ['a stream', '/v1/chat/completions', { model, messages, stream: true }],
    ['messages', '/v1/messages', { model, messages, max_tokens: 9 }],
    ['responses', '/v1/responses', { model, input: 'x' }],
    ['completions', '/v1/completions', { model: 'cloud/gpt-3.5-turbo-instruct', prompt: 'x' }],
    ['embeddings', '/v1/embeddings', { model: 'cloud/text-embedding-3-small', input: 'x' }],
    ['moderations', '/v1/moderations', { model: 'cloud/omni-moderation-latest', input: 'x' }],
    ['a raw path', '/providers/cloud/v1/chat/completions', { model: 'gpt-4.1-mini', messages }],
  ];

  test.each(requests)('%s of a key are refused by its rule', async (_, path, body) => {
    const response = await gateway.post(path, body, shut);
    expect(response.status).toBe(403);
    expect(await response.text()).toContain(
      `cloud is not local, and the privacy of the key ${shutId} is local_only`,
    );
    expect(cloud.requests.filter(({ method }) => method === 'POST')).toEqual([]);
  });

  test.each(requests)('%s of a project are refused by its rule', async (_, path, body) => {
    for (const header of [{ 'x-project': 'secret' }, { 'x-zeke-tags': 'a=b, project=secret' }]) {
      const response = await gateway.post(path, body, { ...open, ...header } as never);
      expect(response.status).toBe(403);
      expect(await response.text()).toContain('projects.secret.privacy is local_only');
    }
    expect(cloud.requests.filter(({ method }) => method === 'POST')).toEqual([]);
  });

  test.each([
    ['privacy', { privacy: 'local_only' }, 'omen.privacy is local_only'],
    ['tags', { tags: { project: 'secret' } }, 'projects.secret.privacy is local_only'],
    ['a list', { providers: ['cloud'], privacy: 'local_only' }, 'omen.privacy is local_only'],
  ])('a request may say so by %s', async (_, omen, message) => {
    const response = await gateway.post('/v1/chat/completions', { model, messages, omen }, open);
    expect(response.status).toBe(403);
    expect(await response.text()).toContain(message);
    expect(cloud.requests.filter(({ method }) => method === 'POST')).toEqual([]);
  });

  test.each(['any', 'ranked'])('local candidates answer in place of others: %s', async (alias) => {
    const body = { model: alias, messages };
    const response = await gateway.post('/v1/chat/completions', body, shut);
    expect(response.headers.get('x-zeke-provider')).toBe('home');
    expect(cloud.requests.filter(({ method }) => method === 'POST')).toEqual([]);
  });

  test('no rule lifts another, and other projects and keys go on', async () => {
    const body = { model, messages, omen: { privacy: 'any' } };
    expect((await gateway.post('/v1/chat/completions', body, shut)).status).toBe(403);
    const other = { ...open, 'x-project': 'public' };
    expect((await gateway.post('/v1/chat/completions', body, other)).status).toBe(200);
  });

  test('explain tells the rule', async () => {
    const explain = async (headers: Record<string, string>) =>
      (await gateway.post('/omen/explain', { model: 'ranked' }, headers)).json();
    expect(await explain(shut)).toMatchObject({
      local_only: `the privacy of the key ${shutId}`,
      candidates: [{ provider: 'home' }],
    });
    expect(await explain(open)).toMatchObject({ local_only: null });
  });

  test('the admin API changes it, at once', async () => {
    const change = (body: object) =>
      gateway.gateway.handle(
        new Request(`http://127.0.0.1/admin/keys/${shutId}`, {
          method: 'PATCH',
          headers: { ...admin, 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
      );
    expect(await (await change({ privacy: 'any' })).json()).not.toHaveProperty('privacy');
    const body = { model, messages };
    expect((await gateway.post('/v1/chat/completions', body, shut)).status).toBe(200);
    const shown = await (await change({ privacy: 'local_only' })).json();
    expect(shown).toMatchObject({ privacy: 'local_only' });
    expect((await gateway.post('/v1/chat/completions', body, shut)).status).toBe(403);
    expect((await change({})).status).toBe(400);
    const wrong = await change({ privacy: 'some' });
    expect(await wrong.text()).toContain('privacy');
    expect(wrong.status).toBe(400);
  });
});
