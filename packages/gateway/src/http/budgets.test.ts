import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type Emulator, startAnthropicEmulator, startOpenAiEmulator } from '@zeke/emulators';
import { Secret } from '@zeke/foundation';
import { testStorage } from '../governance/testing/test-storage.ts';
import {
  admin,
  budgetedGateway,
  budgetsOf,
  claude,
  keyOf,
  messages,
  model,
  setBudget,
  talker,
} from '../testing/budgeted-gateway.ts';
import type { TestGateway, TestGatewayOptions } from '../testing/test-gateway.ts';

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

const gatewayOf = (options: Partial<TestGatewayOptions> = {}) =>
  budgetedGateway({ openai, anthropic }, options);

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
  const bob = await create(gateway, 'users', { name: 'bob', org_id: org, team_id: team });
  const usageFor = async (headers: Record<string, string>) => {
    const response = await gateway.get('/admin/usage?group_by=org,team,user', headers);
    return ((await response.json()) as { data: object[] }).data;
  };
  const used = { org, team, user, calls: 3, costMicroUsd: 330 };
  expect(await usageFor(admin)).toMatchObject([used]);
  const others = await keyOf(gateway, { user_id: bob, scopes: ['admin'] });
  expect(await usageFor(others.headers)).toEqual([]);
  const own = await keyOf(gateway, { user_id: user, scopes: ['admin'] });
  expect(await usageFor(own.headers)).toMatchObject([used]);
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
