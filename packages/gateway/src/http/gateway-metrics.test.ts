import { afterAll, beforeAll, expect, test } from 'bun:test';
import { type Brain, type Emulator, startOpenAiEmulator } from '@zeke/emulators';
import { providerConfig, type TestGateway, testGateway } from '../testing/test-gateway.ts';

const model = 'openai/gpt-4.1-mini';
const body = { model, messages: [{ role: 'user', content: 'hi' }] };
const of = 'provider="openai",model="gpt-4.1-mini"';
const genAi =
  'gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-4.1-mini"';

/** 100 tokens in, 60 of them kept, and 5 out, 2 of them thoughts. */
const brain: Brain = () => ({
  text: 'one two three four five',
  finish: 'stop',
  usage: { input: 100, cachedInput: 60, output: 5, reasoning: 2 },
});

let vendor: Emulator;

beforeAll(() => {
  vendor = startOpenAiEmulator({ apiKeys: ['k'], brain, recordDelayMs: 1 });
});
afterAll(() => vendor.stop());

function start(): Promise<TestGateway> {
  const config = { name: 'openai', type: 'openai', apiKey: 'k', baseUrl: `${vendor.url}/v1` };
  return testGateway({
    providers: [providerConfig(config as never)],
    settings: {
      prices: new Map([['gpt-4.1-mini', { input: 1_000, output: 10_000 }]]),
      circuit: { failures: 2, windowMs: 60_000, openMs: 30_000 },
    },
  });
}

/** The samples by their series, after all is on the ledger. */
async function samples(gateway: TestGateway): Promise<Map<string, number>> {
  await gateway.gateway.settled();
  const text = await (await gateway.get('/metrics')).text();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

test('an answer counts its attempt, its tokens by kind and its cost', async () => {
  await using gateway = await start();
  expect((await gateway.post('/v1/chat/completions', body)).status).toBe(200);
  const counted = await samples(gateway);
  const expected = {
    [`zeke_gateway_attempts_total{${of},outcome="ok"}`]: 1,
    [`zeke_gateway_tokens_total{${of},direction="input"}`]: 100,
    [`zeke_gateway_tokens_total{${of},direction="output"}`]: 5,
    [`zeke_gateway_cached_tokens_total{${of},kind="read"}`]: 60,
    [`zeke_gateway_reasoning_tokens_total{${of}}`]: 2,
    [`zeke_gateway_cost_usd_total{${of}}`]: 0.15,
    'zeke_gateway_attempts_in_flight{provider="openai"}': 0,
    zeke_gateway_ledger_waiting_entries: 0,
    [`gen_ai_client_token_usage_sum{${genAi},gen_ai_token_type="input"}`]: 100,
    [`gen_ai_client_operation_duration_seconds_count{${genAi},error_type=""}`]: 1,
    [`gen_ai_server_request_duration_seconds_count{${genAi}}`]: 1,
    'zeke_gateway_requests_total{endpoint="chat-completions",status="200"}': 1,
  };
  const found = Object.keys(expected).map((name) => [name, counted.get(name)]);
  expect(Object.fromEntries(found)).toEqual(expected);
  // What came whole had no first token of its own.
  expect([...counted.keys()].join('\n')).not.toContain('first_token_seconds_count{provider');
});

test('a stream has a time to its first token and one for each after it', async () => {
  await using gateway = await start();
  await (await gateway.post('/v1/chat/completions', { ...body, stream: true })).text();
  const counted = await samples(gateway);
  for (const name of [
    `zeke_gateway_first_token_seconds_count{${of}}`,
    `zeke_gateway_inter_token_seconds_count{${of}}`,
    `gen_ai_client_operation_time_to_first_chunk_seconds_count{${genAi}}`,
    `gen_ai_server_time_to_first_token_seconds_count{${genAi}}`,
    `gen_ai_server_time_per_output_token_seconds_count{${genAi}}`,
  ]) {
    expect([name, counted.get(name)]).toEqual([name, 1]);
  }
  expect(counted.get(`zeke_gateway_inter_token_seconds_sum{${of}}`)).toBeGreaterThan(0);
});

test('a model that fails opens its breaker, which the metrics show', async () => {
  await using gateway = await start();
  await gateway.post('/v1/chat/completions', body);
  const breaker = `zeke_gateway_breaker_state{${of}}`;
  expect((await samples(gateway)).get(breaker)).toBe(0);
  for (let times = 0; times < 2; times += 1) {
    vendor.faults.push({ kind: 'status', status: 500 });
    await gateway.post('/v1/chat/completions', body);
  }
  const counted = await samples(gateway);
  expect(counted.get(breaker)).toBe(2);
  expect(counted.get(`zeke_gateway_attempts_total{${of},outcome="error"}`)).toBe(2);
  expect(
    counted.get(`gen_ai_client_operation_duration_seconds_count{${genAi},error_type="internal"}`),
  ).toBe(2);
});

test('names that callers invent are no labels', async () => {
  await using gateway = await start();
  for (let index = 0; index < 5; index += 1) {
    await gateway.post('/v1/chat/completions', { ...body, model: `openai/invented-${index}` });
  }
  const names = [...(await samples(gateway)).keys()].join('\n');
  expect(names).not.toContain('invented');
  expect(names).toContain(
    'zeke_gateway_attempts_total{provider="openai",model="other",outcome="error"}',
  );
});

test('asked for OpenMetrics it answers with that', async () => {
  await using gateway = await start();
  const response = await gateway.get('/metrics', { accept: 'application/openmetrics-text' });
  expect(response.headers.get('content-type')).toStartWith('application/openmetrics-text');
  expect(await response.text()).toEndWith('# EOF\n');
});
