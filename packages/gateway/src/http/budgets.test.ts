import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import {
  type Brain,
  type Emulator,
  startAnthropicEmulator,
  startOpenAiEmulator,
} from '@zeke/emulators';
import { Secret } from '@zeke/foundation';
import { testStorage } from '../governance/testing/test-storage.ts';
import {
  providerConfig,
  type TestGateway,
  type TestGatewayOptions,
  testGateway,
} from '../testing/test-gateway.ts';

const admin = { authorization: 'Bearer the-admin-key' };
const messages = [{ role: 'user', content: 'hello there' }];
const model = 'openai/gpt-4.1-mini';
const claude = 'anthropic/claude-sonnet-4-5';

/** Says as much as it is asked to, eight characters for two tokens. */
const talker: Brain = ({ maxTokens, turns }) => {
  const wanted = Number(/say (\d+)/.exec(turns.at(-1)?.text ?? '')?.[1] ?? 10);
  const output = Math.min(wanted, maxTokens ?? wanted);
  return {
    text: 'word '.repeat(output).slice(0, output * 4),
    finish: 'stop',
    usage: { input: 10, cachedInput: 0, output, reasoning: 0 },
  };
};

let openai: Emulator;
let anthropic: Emulator;

beforeAll(() => {
  openai = startOpenAiEmulator({ apiKeys: ['k'], brain: talker });
  anthropic = startAnthropicEmulator({ apiKeys: ['k'], brain: talker });
});
afterAll(async () => {
  await openai.stop();
  await anthropic.stop();
});

/** $1 and $10 for a million tokens, of all models. */
function gatewayOf(options: Partial<TestGatewayOptions> = {}): Promise<TestGateway> {
  const price = { input: 1, output: 10 };
  return testGateway({
    providers: [
      providerConfig({ name: 'openai', type: 'openai', apiKey: 'k', baseUrl: `${openai.url}/v1` }),
      providerConfig({ name: 'anthropic', type: 'anthropic', apiKey: 'k', baseUrl: anthropic.url }),
    ],
    ...options,
    settings: {
      auth: { requireAuth: true, adminApiKey: new Secret('the-admin-key') },
      prices: new Map([
        ['gpt-4.1-mini', price],
        ['claude-sonnet-4-5', price],
        ['text-embedding-3-small', { input: 1, output: 0 }],
      ]),
      ...options.settings,
    },
  });
}

interface Key {
  id: string;
  headers: Record<string, string>;
}

async function keyOf(gateway: TestGateway, fields: object = {}): Promise<Key> {
  const response = await gateway.post('/admin/keys', { name: 'a', ...fields }, admin);
  const { id, secret } = (await response.json()) as { id: string; secret: string };
  return { id, headers: { authorization: `Bearer ${secret}` } };
}

function send(gateway: TestGateway, method: string, path: string, body?: unknown) {
  return gateway.gateway.handle(
    new Request(`http://127.0.0.1${path}`, {
      method,
      headers: { ...admin, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  );
}

async function setBudget(gateway: TestGateway, fields: object): Promise<void> {
  const response = await send(gateway, 'PUT', '/admin/budgets', { period: 'month', ...fields });
  expect(response.status).toBe(200);
}

async function budgetsOf(gateway: TestGateway): Promise<Record<string, unknown>[]> {
  const response = await gateway.get('/admin/budgets', admin);
  return ((await response.json()) as { data: Record<string, unknown>[] }).data;
}

describe('a hard budget that is used up', () => {
  /** Each dialect's request for at most 100 tokens: $0.001 and what its input may cost. */
  const callers = [
    {
      path: '/v1/chat/completions',
      body: { model, messages, max_tokens: 100 },
      status: 429,
      error: { error: { type: 'insufficient_quota', code: 'insufficient_quota' } },
    },
    {
      path: '/v1/responses',
      body: { model, input: 'hello', max_output_tokens: 100 },
      status: 429,
      error: { error: { type: 'insufficient_quota', code: 'insufficient_quota' } },
    },
    {
      path: '/v1/messages',
      body: { model: claude, messages, max_tokens: 100 },
      status: 402,
      error: { type: 'error', error: { type: 'billing_error' } },
    },
    {
      path: `/v1beta/models/${model}:generateContent`,
      body: {
        contents: [{ role: 'user', parts: [{ text: 'hello' }] }],
        generationConfig: { maxOutputTokens: 100 },
      },
      status: 429,
      error: { error: { code: 429, status: 'RESOURCE_EXHAUSTED' } },
    },
    {
      path: '/api/chat',
      body: { model, messages, stream: false, options: { num_predict: 100 } },
      status: 429,
      error: { error: expect.stringContaining('budget of key') },
    },
    {
      path: '/v1/embeddings',
      body: { model: 'openai/text-embedding-3-small', input: 'x'.repeat(400_000) },
      status: 429,
      error: { error: { type: 'insufficient_quota' } },
    },
    {
      path: '/providers/openai/v1/chat/completions',
      body: { model: 'gpt-4.1-mini', messages, max_tokens: 100 },
      status: 429,
      error: { error: { type: 'insufficient_quota' } },
    },
  ];

  test.each(callers)('is told to $path in its own words', async ({ path, body, status, error }) => {
    await using gateway = await gatewayOf();
    const key = await keyOf(gateway);
    await setBudget(gateway, { kind: 'key', id: key.id, limit_usd: 0.0005 });
    const asked = openai.requests.length + anthropic.requests.length;
    const response = await gateway.post(path, body, key.headers);
    const text = await response.text();
    expect(response.status).toBe(status);
    expect(JSON.parse(text)).toMatchObject(error);
    expect(text).toContain(`the month's budget of key a (${key.id}) is $0.0005`);
    expect(text).toMatch(/it frees up at 20\d\d-\d\d-01T00:00:00Z/);
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(openai.requests.length + anthropic.requests.length).toBe(asked);
    const [row] = await gateway.ledger();
    expect(row).toMatchObject({ outcome: 'refused', attempt: 0, key_id: key.id });
    expect(await budgetsOf(gateway)).toMatchObject([{ spentMicroUsd: 0, reservedMicroUsd: 0 }]);
  });

  test('leaves what costs nothing alone', async () => {
    await using gateway = await gatewayOf();
    const key = await keyOf(gateway);
    await setBudget(gateway, { kind: 'key', id: key.id, limit_usd: 0 });
    for (const path of ['/v1/models', '/v1/files', '/providers/openai/v1/models']) {
      expect((await gateway.get(path, key.headers)).status).toBe(200);
    }
    const count = { model: claude, messages };
    const counted = await gateway.post('/v1/messages/count_tokens', count, key.headers);
    expect(counted.status).toBe(200);
  });

  test('leads to a candidate that costs less', async () => {
    await using gateway = await gatewayOf({
      settings: {
        aliases: new Map([
          ['either', { strategy: 'fallback', candidates: [claude, model] }],
        ]) as never,
      },
    });
    const key = await keyOf(gateway);
    await setBudget(gateway, { kind: 'provider', id: 'anthropic', limit_usd: 0 });
    const body = { model: 'either', messages, max_tokens: 10 };
    const response = await gateway.post('/v1/chat/completions', body, key.headers);
    expect(response.status).toBe(200);
    expect(response.headers.get('x-zeke-provider')).toBe('openai');
    expect(await gateway.ledger()).toHaveLength(1);
  });
});

test('whole answers, streams and passed-on ones are charged what they cost', async () => {
  await using gateway = await gatewayOf();
  const key = await keyOf(gateway);
  await setBudget(gateway, { kind: 'key', id: key.id, limit_usd: 1 });
  const body = { model, messages: [{ role: 'user', content: 'say 50' }], max_tokens: 1_000 };
  const calls = [
    ['/v1/chat/completions', body],
    ['/v1/chat/completions', { ...body, stream: true }],
    ['/v1/messages', { ...body, stream: true }],
    ['/v1/chat/completions', { ...body, model: claude, stream: true }],
    ['/providers/openai/v1/chat/completions', { ...body, model: 'gpt-4.1-mini' }],
    [
      '/providers/anthropic/v1/messages',
      { ...body, model: 'claude-sonnet-4-5', stream: true, max_tokens: 1_000 },
    ],
  ] as const;
  for (const [path, asked] of calls) {
    await (await gateway.post(path, asked, key.headers)).text();
  }
  const rows = await gateway.ledger();
  const costs = rows.map((row) => row.cost_micro_usd ?? 0);
  for (const cost of costs) expect(cost).toBeWithin(500, 520);
  expect(costs).toHaveLength(calls.length);
  const spentMicroUsd = costs.reduce((sum, cost) => sum + cost);
  expect(await budgetsOf(gateway)).toMatchObject([{ spentMicroUsd, reservedMicroUsd: 0 }]);
});

describe('a stream that outgrows a hard budget', () => {
  /** 4,096 tokens are held for, which is $0.041; the stream says 20,000. */
  const long = [{ role: 'user', content: 'say 20000' }];

  test.each([
    {
      path: '/v1/chat/completions',
      body: { model, messages: long, stream: true },
      last: /\n\ndata: (\{"error":.*"code":"insufficient_quota".*\})\n\n/,
    },
    {
      path: '/v1/messages',
      body: { model, messages: long, stream: true, max_tokens: 4_096 },
      last: /event: error\ndata: (\{"type":"error","error":\{"type":"billing_error".*\})\n\n/,
      // A provider that goes beyond what it was allowed.
      brain: (prompt: Parameters<Brain>[0]) => talker({ ...prompt, maxTokens: 20_000 }),
    },
    {
      path: '/providers/openai/v1/chat/completions',
      body: { model: 'gpt-4.1-mini', messages: long, stream: true },
      last: /\n\ndata: (\{"error":.*"code":"insufficient_quota".*\})\n\n/,
    },
  ])('from $path is stopped with an error in its dialect', async ({ path, body, last, brain }) => {
    await using provider = startOpenAiEmulator({ apiKeys: ['k'], brain: brain ?? talker });
    await using gateway = await gatewayOf({
      providers: [
        providerConfig({
          name: 'openai',
          type: 'openai',
          apiKey: 'k',
          baseUrl: `${provider.url}/v1`,
        }),
      ],
    });
    const key = await keyOf(gateway);
    await setBudget(gateway, { kind: 'key', id: key.id, limit_usd: 0.06 });
    const response = await gateway.post(path, body, key.headers);
    expect(response.status).toBe(200);
    const text = await response.text();
    expect(last.exec(text)?.[1]).toContain(`the answer was stopped: the month's budget of key a`);
    const [row] = await gateway.ledger();
    expect(row).toMatchObject({ outcome: 'incomplete', error_code: 'resource_exhausted' });
    const [budget] = await budgetsOf(gateway);
    expect(budget?.reservedMicroUsd).toBe(0);
    // What came before it was seen is paid for, all the same; the whole would be 200,000.
    expect(budget?.spentMicroUsd).toBeWithin(30_000, 200_000);
  });
});

test('what a stream wrote is charged, also where it is stopped before anything was sent', async () => {
  await using gateway = await gatewayOf({
    settings: {
      budgets: { defaultOutputTokens: 1, unpriced: 'refuse' },
      aliases: new Map([
        ['both', { strategy: 'race', candidates: [model, 'openai/gpt-4.1'] }],
      ]) as never,
      prices: new Map([
        ['gpt-4.1-mini', { input: 1, output: 10 }],
        ['gpt-4.1', { input: 1, output: 10 }],
      ]),
    },
  });
  const key = await keyOf(gateway);
  await setBudget(gateway, { kind: 'key', id: key.id, limit_micro_usd: 200 });
  // What is of use only with so much is kept back until then.
  const omen = { k: 2, min_useful_tokens: 1_000 };
  const long = [{ role: 'user', content: 'say 5000' }];
  const body = { model: 'both', messages: long, stream: true, omen };
  const response = await gateway.post('/v1/chat/completions', body, key.headers);
  expect(response.status).toBe(429);
  expect(await response.text()).toContain('the answer was stopped');
  const rows = await gateway.ledger();
  expect(rows.length).toBeGreaterThan(0);
  for (const row of rows) {
    expect(row).toMatchObject({ outcome: 'error', estimated: true });
    expect(row.cost_micro_usd).toBeGreaterThan(10);
  }
  const spentMicroUsd = rows.reduce((sum, row) => sum + (row.cost_micro_usd ?? 0), 0);
  expect(await budgetsOf(gateway)).toMatchObject([{ spentMicroUsd, reservedMicroUsd: 0 }]);
});

test('a soft budget warns in a header, and tells the webhook, signed', async () => {
  const told = Promise.withResolvers<{ body: string; signature: string | null }>();
  using hook = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: async (request) => {
      const signature = request.headers.get('x-zeke-signature');
      told.resolve({ body: await request.text(), signature });
      return new Response();
    },
  });
  await using gateway = await gatewayOf({
    settings: {
      budgets: {
        defaultOutputTokens: 100,
        unpriced: 'refuse',
        webhook: { url: hook.url.href, secret: new Secret('hush') },
      },
    },
  });
  const key = await keyOf(gateway);
  await setBudget(gateway, { kind: 'key', id: key.id, mode: 'soft', limit_micro_usd: 1 });
  const response = await gateway.post('/v1/chat/completions', { model, messages }, key.headers);
  expect(response.status).toBe(200);
  expect(response.headers.get('x-zeke-budget-warning')).toStartWith(
    `soft budget of key a (${key.id}): $0.000001 a month`,
  );
  const { body, signature } = await told.promise;
  expect(JSON.parse(body)).toMatchObject({
    type: 'budget.warning',
    budget: { kind: 'key', id: key.id, name: 'a', mode: 'soft' },
  });
  const expected = new Bun.CryptoHasher('sha256', 'hush').update(body).digest('hex');
  expect(signature).toBe(`sha256=${expected}`);
  expect(gateway.logged).toContainEqual(
    expect.objectContaining({ msg: 'a soft budget is passed' }),
  );
});

test('budgets of tags count what x-zeke-tags and x-project say', async () => {
  await using gateway = await gatewayOf();
  await setBudget(gateway, { kind: 'tag', id: 'project=alpha', limit_usd: 0.01 });
  await setBudget(gateway, { kind: 'tag', id: 'night', limit_usd: 0 });
  const key = await keyOf(gateway);
  const body = { model, messages, max_tokens: 10 };
  const chat = (headers: Record<string, string>) =>
    gateway.post('/v1/chat/completions', body, { ...key.headers, ...headers });
  expect((await chat({ 'x-project': 'alpha', 'x-zeke-tags': 'day, day' })).status).toBe(200);
  expect((await chat({ 'x-project': 'alpha', 'x-zeke-tags': 'day,night' })).status).toBe(429);
  expect((await chat({ 'x-zeke-tags': 'x'.repeat(201) })).status).toBe(400);
  expect(await budgetsOf(gateway)).toMatchObject([
    { id: 'night', spentMicroUsd: 0 },
    { id: 'project=alpha', spentMicroUsd: 110, reservedMicroUsd: 0 },
  ]);
});

describe('a budget that a request brings along', () => {
  const either = { strategy: 'fallback', candidates: [claude, model] } as const;

  test('is for all its attempts together, and refuses what is dearer', async () => {
    await using gateway = await gatewayOf({
      settings: {
        prices: new Map([
          ['gpt-4.1-mini', { input: 1, output: 10 }],
          ['claude-sonnet-4-5', { input: 1, output: 1_000 }],
        ]),
        aliases: new Map([['either', either]]) as never,
      },
    });
    const body = { model: 'either', messages, max_tokens: 100 };
    const chat = (omen: object, headers = {}) =>
      gateway.post('/v1/chat/completions', { ...body, omen }, { ...admin, ...headers });
    const cheaper = await chat({ budget_usd: 0.002 });
    expect(cheaper.headers.get('x-zeke-provider')).toBe('openai');
    for (const [omen, headers] of [
      [{ budget_usd: 0.0005 }, {}],
      [{ k: 1 }, { 'x-zeke-budget-usd': '0.0005' }],
    ] as const) {
      const refused = await chat(omen, headers);
      expect(refused.status).toBe(402);
      expect(await refused.json()).toMatchObject({
        error: {
          code: 'request_over_budget',
          message: expect.stringMatching(
            /^omen\.budget_usd: it is \$0\.0005, and this attempt may/,
          ),
        },
      });
    }
    anthropic.faults.push({ kind: 'status', status: 500 });
    const raced = await chat({ budget_usd: 0.1015, strategy: 'race', k: 2 });
    expect(raced.status).toBe(200);
    for (const budget_usd of [-1, 'much', Number.NaN]) {
      const wrong = await chat({ budget_usd });
      expect([wrong.status, await wrong.text()]).toEqual([
        400,
        expect.stringContaining('omen.budget_usd'),
      ]);
    }
    const wrong = await chat({}, { 'x-zeke-budget-usd': '1e3' });
    expect(await wrong.text()).toContain('x-zeke-budget-usd');
  });

  test('is known to have a price, and tags count for theirs', async () => {
    await using gateway = await gatewayOf({ settings: { prices: new Map() } });
    await setBudget(gateway, { kind: 'tag', id: 'team=red', limit_usd: 0 });
    const ask = (omen: object, asked = model) =>
      gateway.post('/v1/chat/completions', { model: asked, messages, omen }, admin);
    const unknown = await ask({ budget_usd: 1 }, 'openai/gpt-4.1-nano-nobody');
    expect(await unknown.text()).toContain('cannot be held to omen.budget_usd');
    expect((await ask({ tags: { team: 'blue' } })).status).toBe(200);
    expect(await (await ask({ tags: { team: 'red' } })).text()).toContain('tag team=red');
  });
});

test('a request is counted for its key, user, team and organisation, also after a restart', async () => {
  await using fixture = await testStorage('sqlite');
  const create = async (gateway: TestGateway, kind: string, body: object) =>
    ((await (await gateway.post(`/admin/${kind}`, body, admin)).json()) as { id: string }).id;
  const gateway = await gatewayOf({ storage: await fixture.open() });
  const org = await create(gateway, 'orgs', { name: 'acme' });
  const team = await create(gateway, 'teams', { name: 'research', org_id: org });
  const user = await create(gateway, 'users', { name: 'ada', org_id: org, team_id: team });
  const key = await keyOf(gateway, { user_id: user });
  const levels = { org, team, user, key: key.id };
  for (const [kind, id] of Object.entries(levels)) {
    await setBudget(gateway, { kind, id, limit_usd: 0.0015 });
  }
  const body = { model, messages, max_tokens: 100 };
  const chat = (via: TestGateway) => via.post('/v1/chat/completions', body, key.headers);
  for (let count = 0; count < 3; count++) expect((await chat(gateway)).status).toBe(200);
  const [row] = await gateway.ledger();
  expect(row).toMatchObject({ org_id: org, team_id: team, user_id: user, key_id: key.id });
  await gateway[Symbol.asyncDispose]();

  await using again = await gatewayOf({ storage: await fixture.open() });
  const spent = (await budgetsOf(again)).map(({ kind, name, spentMicroUsd }) => [
    kind,
    name,
    spentMicroUsd,
  ]);
  expect(spent).toEqual([
    ['org', 'acme', 330],
    ['team', 'research', 330],
    ['user', 'ada', 330],
    ['key', 'a', 330],
  ]);
  await setBudget(again, { kind: 'team', id: team, limit_usd: 0.0004 });
  const refused = await chat(again);
  expect(refused.status).toBe(429);
  expect(await refused.text()).toContain(`budget of team research (${team}) is $0.0004`);
});

test('requests at once never overspend, whether they end well, fail or are left', async () => {
  await using gateway = await gatewayOf();
  const key = await keyOf(gateway);
  const limitMicroUsd = 20_000;
  await setBudget(gateway, { kind: 'key', id: key.id, limit_micro_usd: limitMicroUsd });
  let random = 7;
  const next = (below: number) => {
    random = (random * 48_271) % 2_147_483_647;
    return random % below;
  };
  const statuses: number[] = [];
  const runOne = async (index: number) => {
    const leaver = new AbortController();
    const body = {
      model: index % 3 === 0 ? claude : model,
      messages: [{ role: 'user', content: `say ${next(100)}` }],
      max_tokens: 100,
      stream: index % 2 === 0,
    };
    if (index % 7 === 0) openai.faults.push({ kind: 'status', status: 500 });
    const request = new Request('http://127.0.0.1/v1/chat/completions', {
      method: 'POST',
      headers: { ...key.headers, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: leaver.signal,
    });
    const response = await gateway.gateway.handle(request);
    statuses.push(response.status);
    if (index % 5 === 0) {
      leaver.abort();
      await response.body?.cancel().catch(() => undefined);
    } else await response.text().catch(() => undefined);
  };
  await Promise.all(Array.from({ length: 200 }, (_, index) => runOne(index)));
  await gateway.gateway.settled();
  const [budget] = await budgetsOf(gateway);
  const spent = (await gateway.ledger()).reduce((sum, row) => sum + (row.cost_micro_usd ?? 0), 0);
  expect(budget).toMatchObject({ reservedMicroUsd: 0, spentMicroUsd: spent });
  expect(spent).toBeLessThanOrEqual(limitMicroUsd);
  expect(spent).toBeGreaterThan(limitMicroUsd / 10);
  expect(new Set(statuses)).toContain(429);
  openai.faults.length = 0;
});
