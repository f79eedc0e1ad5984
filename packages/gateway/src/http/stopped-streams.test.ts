import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import {
  type Brain,
  type Emulator,
  startAnthropicEmulator,
  startOpenAiEmulator,
} from '@zeke/emulators';
import {
  budgetedGateway,
  budgetsOf,
  keyOf,
  model,
  setBudget,
  talker,
} from '../testing/budgeted-gateway.ts';
import { providerConfig, type TestGatewayOptions } from '../testing/test-gateway.ts';

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
