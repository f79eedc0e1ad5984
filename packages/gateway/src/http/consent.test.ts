import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import {
  type Brain,
  type Emulator,
  startAnthropicEmulator,
  startOllamaEmulator,
  startOpenAiEmulator,
} from '@zeke/emulators';
import { type PolicyConfig, Secret } from '@zeke/foundation';
import { admin, keyOf } from '../testing/budgeted-gateway.ts';
import { providerConfig, type TestGateway, testGateway } from '../testing/test-gateway.ts';

let openai: Emulator;
let anthropic: Emulator;
let ollama: Emulator;
let gateway: TestGateway;
let key: Awaited<ReturnType<typeof keyOf>>;
let called: string | undefined;

const brain: Brain = () => {
  const usage = { input: 10, cachedInput: 0, output: 20, reasoning: 0 };
  return called
    ? { toolCalls: [{ name: called, arguments: {} }], finish: 'tool-calls', usage }
    : { text: 'fine', finish: 'stop', usage };
};

const policy = (fields: Partial<PolicyConfig>): PolicyConfig => ({
  name: 'cloud',
  effect: 'consent',
  scope: {},
  ...fields,
});
const auth = { requireAuth: true, adminApiKey: new Secret('the-admin-key') };
const rules = (...policies: PolicyConfig[]) => gateway.configure({ policies, auth });

beforeAll(() => {
  openai = startOpenAiEmulator({ apiKeys: ['k'], brain });
  anthropic = startAnthropicEmulator({ apiKeys: ['k'], brain });
  ollama = startOllamaEmulator({ brain });
});
afterAll(() => Promise.all([openai, anthropic, ollama].map((each) => each.stop())));
beforeEach(async () => {
  called = undefined;
  gateway = await testGateway({
    settings: { auth },
    providers: [
      providerConfig({ name: 'openai', type: 'openai', apiKey: 'k', baseUrl: `${openai.url}/v1` }),
      providerConfig({ name: 'anthropic', type: 'anthropic', apiKey: 'k', baseUrl: anthropic.url }),
      providerConfig({ name: 'ollama', type: 'ollama', baseUrl: ollama.url }),
    ],
  });
  key = await keyOf(gateway);
});
afterEach(() => gateway[Symbol.asyncDispose]());

const messages = [{ role: 'user', content: 'hi' }];
const chat = (more: object = {}, headers: Record<string, string> = {}) =>
  gateway.post(
    '/v1/chat/completions',
    { model: 'openai/gpt-4.1-mini', messages, ...more },
    { ...key.headers, ...headers },
  );
const decide = (consent_id: string, decision: string, headers: Record<string, string> = admin) =>
  gateway.post('/admin/consent', { consent_id, decision }, headers);
const idOf = async (response: Response) =>
  ((await response.json()) as { error: { consent_id: string } }).error.consent_id;

describe('a request that needs consent', () => {
  const cloud = policy({ scope: { providers: ['openai'] }, reason: 'it costs money' });

  test('is told what for and how, and goes through once it is given', async () => {
    rules(cloud);
    const refused = await chat();
    expect(refused.status).toBe(403);
    const { error } = (await refused.json()) as { error: Record<string, unknown> };
    const id = String(error.consent_id);
    expect(error).toMatchObject({
      code: 'consent_required',
      consent_id: expect.stringMatching(/^consent_/),
      consent_for: [{ policy: 'cloud', provider: 'openai' }],
      consent_endpoint: '/admin/consent',
      message: expect.stringContaining('the provider openai: this needs consent (it costs money)'),
    });
    const { data } = (await (await gateway.get('/admin/consent', admin)).json()) as {
      data: unknown;
    };
    expect(data).toMatchObject([{ consent_id: id, caller: key.id, model: 'openai/gpt-4.1-mini' }]);
    expect((await decide(id, 'allow_once')).status).toBe(200);
    expect((await chat()).status).toBe(200);
    expect((await chat()).status).toBe(403);
    expect((await gateway.ledger()).map(({ outcome }) => outcome)).toEqual([
      'refused',
      'ok',
      'refused',
    ]);
  });

  test.each([
    ['/v1/messages', { model: 'openai/gpt-4.1-mini', max_tokens: 9, messages }],
    ['/v1/responses', { model: 'openai/gpt-4.1-mini', input: 'hi' }],
    [
      '/v1beta/models/openai/gpt-4.1-mini:generateContent',
      { contents: [{ parts: [{ text: 'hi' }] }] },
    ],
    ['/api/chat', { model: 'openai/gpt-4.1-mini', messages }],
    ['/v1/embeddings', { model: 'openai/text-embedding-3-small', input: 'hi' }],
    ['/providers/openai/v1/chat/completions', { model: 'gpt-4.1-mini', messages }],
  ])('is told so in the shape of %s', async (path, body) => {
    rules(cloud);
    const response = await gateway.post(path, body, key.headers);
    expect(response.status).toBe(403);
    const told = (await response.json()) as Record<string, unknown>;
    const error = (typeof told.error === 'object' ? told.error : told) as Record<string, unknown>;
    expect(error.consent_id).toStartWith('consent_');
    expect(['consent_required', 403]).toContain(error.code as never);
  });

  test('is not asked for where another candidate needs none', async () => {
    gateway.configure({
      policies: [cloud],
      auth,
      aliases: new Map([
        ['near', { strategy: 'fallback', candidates: ['openai/gpt-4.1-mini', 'ollama/llama3.2'] }],
      ]),
    });
    const response = await chat({ model: 'near' });
    expect(response.headers.get('x-zeke-provider')).toBe('ollama');
  });

  test('for a session or a project is heard by its name', async () => {
    rules(cloud);
    const session = { omen: { session_id: 's1' } };
    expect((await decide(await idOf(await chat()), 'allow_session')).status).toBe(400);
    await decide(await idOf(await chat(session)), 'allow_session');
    expect((await chat(session)).status).toBe(200);
    expect((await chat({}, { 'x-session-id': 's1' })).status).toBe(200);
    expect((await chat({ omen: { session_id: 's2' } })).status).toBe(403);
    await decide(await idOf(await chat({}, { 'x-project': 'alpha' })), 'allow_project');
    expect((await chat({}, { 'x-project': 'alpha' })).status).toBe(200);
    expect((await chat({}, { 'x-project': 'beta' })).status).toBe(403);
  });

  test('that is denied is told so, without a question', async () => {
    rules(cloud);
    await decide(await idOf(await chat()), 'deny');
    const text = await (await chat()).text();
    expect(text).toContain('the provider openai was asked for, and denied (it costs money)');
    expect(text).not.toContain('consent_id');
  });

  test('allowed once goes through once, of many at the same time', async () => {
    rules(cloud);
    await decide(await idOf(await chat()), 'allow_once');
    const all = await Promise.all(Array.from({ length: 10 }, () => chat()));
    expect(all.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  test('is given by who may, and not by who asks; the audit log has it', async () => {
    rules(cloud);
    const mine = await keyOf(gateway, { scopes: ['inference', 'admin'] });
    const id = await idOf(await chat({}, mine.headers));
    expect((await decide(id, 'allow_once', key.headers)).status).toBe(403);
    expect((await decide(id, 'allow_once', mine.headers)).status).toBe(403);
    expect((await decide(id, 'allow_always')).status).toBe(400);
    expect((await decide(id, 'allow_once')).status).toBe(200);
    const log = await (await gateway.get('/admin/audit?action=consent.decide', admin)).json();
    expect(log).toMatchObject({
      data: expect.arrayContaining([
        expect.objectContaining({
          objectId: id,
          outcome: 'ok',
          detail: expect.objectContaining({ decision: 'allow_once', caller: mine.id }),
        }),
      ]),
    });
  });
});

describe('policies', () => {
  const tools = (...names: string[]) =>
    names.map((name) => ({ type: 'function', function: { name, parameters: { type: 'object' } } }));

  test('are about tools that a request offers', async () => {
    rules(policy({ name: 'tools', effect: 'deny', tools: ['shell*'] }));
    expect((await chat({ tools: tools('read') })).status).toBe(200);
    const denied = await chat({ tools: tools('read', 'shell_execute') });
    expect(denied.status).toBe(403);
    expect(await denied.text()).toContain('policy tools: the tool shell_execute is not allowed');
  });

  test.each(['openai/gpt-4.1-mini', 'ollama/llama3.2'])(
    'and that %s calls though none offered it',
    async (model) => {
      rules(policy({ name: 'tools', effect: 'deny', tools: ['shell*'] }));
      called = 'shell_execute';
      for (const stream of [false, true]) {
        const text = await (await chat({ model, stream, tools: tools('read') })).text();
        expect(text).toContain('policy tools: the model called the tool shell_execute');
        expect(text).not.toContain('"arguments"');
      }
    },
  );

  test('are about what guardrails found', async () => {
    gateway.configure({
      auth,
      policies: [policy({ scope: { providers: ['openai'] }, data: ['personal_data'] })],
      guardrails: [
        {
          name: 'people',
          action: 'report',
          direction: 'in',
          scope: {},
          check: { type: 'personal_data', kinds: ['email'] },
        },
      ],
    });
    expect((await chat()).status).toBe(200);
    const found = await chat({ messages: [{ role: 'user', content: 'to ada@example.org' }] });
    expect(found.status).toBe(403);
    expect(await found.text()).toContain('the data personal_data: this needs consent');
  });
});
