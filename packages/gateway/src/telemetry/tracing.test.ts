import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import * as conventions from '@opentelemetry/semantic-conventions/incubating';
import {
  type Brain,
  type Emulator,
  startAnthropicEmulator,
  startOpenAiEmulator,
} from '@zeke/emulators';
import { noTracer } from '@zeke/foundation';
import { type CollectedSpan, spanCollector } from '../testing/span-collector.ts';
import {
  providerConfig,
  type TestGateway,
  type TestGatewayOptions,
  testGateway,
} from '../testing/test-gateway.ts';

const model = 'openai/gpt-4.1-mini';
const claude = 'anthropic/claude-sonnet-4-5';
const messages = [{ role: 'user', content: 'what is the secret word?' }];
const body = { model, messages, temperature: 0.5, max_tokens: 50, stop: ['END'] };
const traceId = '0af7651916cd43dd8448eb211c80319c';
const callerSpan = 'b7ad6b7169203331';
const traced = (flags: string) => ({
  traceparent: `00-${traceId}-${callerSpan}-${flags}`,
  tracestate: 'vendor=1',
  baggage: 'user=ada',
});

let openai: Emulator;
let anthropic: Emulator;

beforeAll(() => {
  openai = startOpenAiEmulator({ apiKeys: ['k'] });
  anthropic = startAnthropicEmulator({ apiKeys: ['k'] });
});
afterAll(async () => {
  await openai.stop();
  await anthropic.stop();
});

interface Traced extends AsyncDisposable {
  gateway: TestGateway;
  spans(): Promise<CollectedSpan[]>;
}

const providers = () => [
  providerConfig({ name: 'openai', type: 'openai', apiKey: 'k', baseUrl: `${openai.url}/v1` }),
  providerConfig({ name: 'anthropic', type: 'anthropic', apiKey: 'k', baseUrl: anthropic.url }),
  // It alone counts as one of this machine.
  providerConfig({ name: 'near', type: 'compatible', apiKey: 'k', baseUrl: `${openai.url}/v1` }),
];

async function start(options: Partial<TestGatewayOptions> = {}): Promise<Traced> {
  const collector = await spanCollector();
  const gateway = await testGateway({
    providers: providers(),
    tracer: collector.tracer,
    ...options,
  });
  return {
    gateway,
    spans: async () => {
      await gateway.gateway.settled();
      return collector.spans();
    },
    [Symbol.asyncDispose]: async () => {
      await gateway[Symbol.asyncDispose]();
      await collector[Symbol.asyncDispose]();
    },
  };
}

describe('a request', () => {
  test('is a server span, and its attempt a client span, named as the conventions say', async () => {
    await using it = await start();
    const response = await it.gateway.post('/v1/chat/completions', body, traced('01'));
    const { id } = (await response.json()) as { id: string };
    const [server, client, ...others] = await it.spans();
    expect(others).toEqual([]);
    expect(server).toMatchObject({
      name: 'POST /v1/chat/completions',
      kind: 2,
      traceId,
      parentSpanId: callerSpan,
      failed: false,
      attributes: {
        'http.request.method': 'POST',
        'http.route': '/v1/chat/completions',
        'url.path': '/v1/chat/completions',
        'http.response.status_code': 200,
        'zeke.request.id': response.headers.get('x-request-id'),
        'zeke.requested_model': model,
        'zeke.attempts': 1,
      },
    });
    expect(client).toMatchObject({
      name: 'chat gpt-4.1-mini',
      kind: 3,
      traceId,
      parentSpanId: server?.spanId,
      failed: false,
    });
    expect(client?.attributes).toEqual({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-4.1-mini',
      'gen_ai.request.temperature': 0.5,
      'gen_ai.request.max_tokens': 50,
      'gen_ai.request.stop_sequences': ['END'],
      'gen_ai.response.id': id,
      'gen_ai.response.model': expect.stringContaining('gpt-4.1-mini'),
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.usage.input_tokens': expect.any(Number),
      'gen_ai.usage.output_tokens': expect.any(Number),
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(openai.url).port),
      'http.response.status_code': 200,
      'zeke.provider': 'openai',
      'zeke.attempt': 1,
      'zeke.outcome': 'ok',
    });
    expect((await it.gateway.ledger()).map((row) => row.trace_id)).toEqual([traceId]);
  });

  test.each([model, claude])(
    'for a stream of %s lasts until its end, with the time to its first token',
    async (asked) => {
      await using it = await start();
      const response = await it.gateway.post('/v1/chat/completions', {
        ...body,
        model: asked,
        stream: true,
      });
      await response.text();
      const [server, client] = await it.spans();
      expect(client?.attributes).toMatchObject({
        'gen_ai.request.stream': true,
        'gen_ai.response.time_to_first_chunk': expect.any(Number),
        'gen_ai.response.finish_reasons': ['stop'],
        'gen_ai.usage.output_tokens': expect.any(Number),
      });
      expect(client?.attributes['gen_ai.response.id']).toBeString();
      // Each span has read the wall clock for itself: two of them differ by microseconds.
      const afterNs = Number((server?.endedNs ?? 0n) - (client?.endedNs ?? 0n));
      expect(afterNs).toBeGreaterThan(-1_000_000);
    },
  );

  test('that is refused is a span without an attempt', async () => {
    await using it = await start();
    await it.gateway.post('/v1/chat/completions', '{');
    await it.gateway.get('/v1/responses/resp_nothing');
    const found = (await it.spans()).map(({ attributes, failed, name }) => ({
      name,
      failed,
      status: attributes['http.response.status_code'],
      code: attributes['zeke.error.code'],
    }));
    expect(found).toEqual([
      { name: 'POST /v1/chat/completions', failed: false, status: 400, code: 'invalid_argument' },
      { name: 'GET /v1/responses/*', failed: false, status: 404, code: 'not_found' },
    ]);
  });

  test('names attributes that the conventions have', async () => {
    await using it = await start({ settings: { captureContent: true } });
    await (await it.gateway.post('/v1/messages', { ...body, stream: true })).text();
    const known = new Set<unknown>(Object.values(conventions));
    const names = (await it.spans()).flatMap(({ attributes }) => Object.keys(attributes));
    const unknown = names.filter((name) => !name.startsWith('zeke.') && !known.has(name));
    expect(names.length).toBeGreaterThan(15);
    expect(unknown).toEqual([]);
  });
});

describe('of several attempts', () => {
  test('each is a span; one that fails says why', async () => {
    await using it = await start({
      settings: {
        aliases: new Map([['both', { strategy: 'fallback', candidates: [model, claude] }]]),
      },
    });
    openai.faults.push({ kind: 'status', status: 503 });
    await it.gateway.post('/v1/chat/completions', { ...body, model: 'both' });
    const [server, first, second] = await it.spans();
    expect(server?.attributes).toMatchObject({ 'zeke.attempts': 2, 'zeke.strategy': 'fallback' });
    expect(first).toMatchObject({
      failed: true,
      parentSpanId: server?.spanId,
      attributes: {
        'error.type': 'unavailable',
        'http.response.status_code': 503,
        'zeke.attempt': 1,
        'zeke.outcome': 'error',
      },
    });
    expect(second).toMatchObject({
      name: 'chat claude-sonnet-4-5',
      failed: false,
      parentSpanId: server?.spanId,
      attributes: { 'gen_ai.provider.name': 'anthropic', 'zeke.attempt': 2 },
    });
  });

  test('who lost a race is a span that was cancelled, and has not failed', async () => {
    await using it = await start({
      settings: {
        aliases: new Map([['race', { strategy: 'race', candidates: [model, claude] }]]),
      },
    });
    openai.faults.push({ kind: 'silence', afterRecords: 1 });
    const asked = { ...body, model: 'race', stream: true };
    await (await it.gateway.post('/v1/chat/completions', asked)).text();
    const [server, ...attempts] = await it.spans();
    const found = attempts.map(({ attributes, failed, parentSpanId }) => ({
      provider: attributes['zeke.provider'],
      outcome: attributes['zeke.outcome'],
      error: attributes['error.type'],
      failed,
      isOfRequest: parentSpanId === server?.spanId,
    }));
    expect(found).toContainEqual({
      provider: 'openai',
      outcome: 'canceled',
      error: 'canceled',
      failed: false,
      isOfRequest: true,
    });
    expect(found).toContainEqual(
      expect.objectContaining({ provider: 'anthropic', outcome: 'ok', isOfRequest: true }),
    );
  });

  test('a judge is a span with links to the answers it judged', async () => {
    const brain: Brain = () => ({
      text: '{"best": 1}',
      finish: 'stop',
      usage: { input: 1, cachedInput: 0, output: 1, reasoning: 0 },
    });
    await using bench = startOpenAiEmulator({ apiKeys: ['k'], brain });
    const judge = {
      name: 'judge',
      type: 'openai',
      apiKey: 'k',
      baseUrl: `${bench.url}/v1`,
    } as const;
    await using it = await start({
      providers: [...providers(), providerConfig(judge)],
      settings: {
        aliases: new Map([
          [
            'merged',
            {
              strategy: 'parallel_merge',
              candidates: [model, claude],
              merge: 'best',
              judge: 'judge/gpt-4.1-mini',
            },
          ],
        ]),
      },
    });
    const response = await it.gateway.post('/v1/chat/completions', { ...body, model: 'merged' });
    expect(response.status).toBe(200);
    const spans = await it.spans();
    const byProvider = (name: string) =>
      spans.find(({ attributes }) => attributes['zeke.provider'] === name);
    const verdict = byProvider('judge');
    expect(verdict?.attributes).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'zeke.operation': 'judge',
    });
    const answers = ['openai', 'anthropic'].map((name) => byProvider(name)?.spanId ?? '');
    expect(verdict?.links.toSorted()).toEqual(answers.toSorted());
    expect(byProvider('anthropic')?.attributes['gen_ai.response.finish_reasons']).toEqual(['stop']);
  });

  test('who gets the answer of another is linked to the request that asked for it', async () => {
    await using it = await start({
      settings: {
        cache: {
          maxBytes: 1_000_000,
          ttlMs: 60_000,
          byModel: [],
          scope: 'shared',
          maxTemperature: 1,
        },
        overload: {
          maxConcurrentRequests: 10,
          maxConcurrentStreams: 10,
          maxQueued: 0,
          queueTimeoutMs: 0,
        },
      },
    });
    openai.faults.push({ kind: 'delay', ms: 100 });
    const ask = () => it.gateway.post('/v1/chat/completions', { ...body, stream: true });
    const before = openai.requests.length;
    const first = ask();
    while (openai.requests.length === before) await new Promise((next) => setImmediate(next));
    const answers = await Promise.all([first, ask()]);
    const states = answers.map(({ headers }) => headers.get('x-zeke-cache'));
    expect(states).toEqual(['miss', 'shared']);
    await Promise.all(answers.map((answer) => answer.text()));
    const [leader, follower] = (await it.spans()).filter(({ kind }) => kind === 2);
    expect(follower?.links).toEqual([leader?.spanId ?? '']);
    const metrics = await (await it.gateway.get('/metrics')).text();
    expect(metrics).toContain('zeke_gateway_open_requests 0');
  });
});

describe('the context of a trace', () => {
  const sent = (emulator: Emulator) => emulator.requests.at(-1)?.headers ?? {};
  const near = { ...body, model: 'near/gpt-4.1-mini' };

  test('goes to providers of this machine, with the span of the attempt as parent', async () => {
    await using it = await start();
    await it.gateway.post('/v1/chat/completions', near, traced('01'));
    const [, client] = await it.spans();
    expect(sent(openai)).toMatchObject({
      traceparent: `00-${traceId}-${client?.spanId}-01`,
      tracestate: 'vendor=1',
    });
    expect(sent(openai)).not.toHaveProperty('baggage');
  });

  test.each([
    [{}, false],
    [{ sendTraceContext: true }, true],
  ])('goes to strangers only where the configuration says so: %o', async (config, isSent) => {
    const stranger = { name: 'openai', type: 'openai', apiKey: 'k', ...config } as const;
    await using it = await start({
      providers: [providerConfig({ ...stranger, baseUrl: `${openai.url}/v1` })],
    });
    await it.gateway.post('/v1/chat/completions', body, traced('01'));
    await it.gateway.post(
      '/providers/openai/v1/chat/completions',
      { ...body, model: 'gpt-4.1-mini' },
      traced('01'),
    );
    const headers = openai.requests.slice(-2).map((request) => request.headers);
    for (const each of headers) {
      expect('traceparent' in each).toBe(isSent);
      expect('tracestate' in each).toBe(isSent);
      expect('baggage' in each).toBe(false);
    }
  });

  test('that its caller does not keep is not kept here, and goes on as such', async () => {
    await using it = await start();
    await it.gateway.post('/v1/chat/completions', near, traced('00'));
    expect(await it.spans()).toEqual([]);
    expect(sent(openai).traceparent).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
    const metrics = await it.gateway.get('/metrics', { accept: 'application/openmetrics-text' });
    expect(await metrics.text()).not.toContain('trace_id');
  });

  test('stands beside what is observed, as exemplars', async () => {
    await using it = await start();
    await it.gateway.post('/v1/chat/completions', near, traced('01'));
    await it.gateway.gateway.settled();
    const metrics = await it.gateway.get('/metrics', { accept: 'application/openmetrics-text' });
    const lines = (await metrics.text()).split('\n').filter((line) => line.includes(traceId));
    const names = new Set(lines.map((line) => /^\w+/.exec(line)?.[0]));
    expect(names).toContain('zeke_gateway_request_seconds_bucket');
    expect(names).toContain('gen_ai_client_operation_duration_seconds_bucket');
  });

  test('goes through as it came where nothing is traced here, and never to strangers', async () => {
    await using it = await start({ tracer: noTracer });
    await it.gateway.post('/v1/chat/completions', near, traced('01'));
    const { traceparent, tracestate } = traced('01');
    expect(sent(openai)).toMatchObject({ traceparent, tracestate });
    await it.gateway.post('/v1/chat/completions', near, { traceparent: 'nonsense' });
    expect(sent(openai)).not.toHaveProperty('traceparent');
    await it.gateway.post('/v1/chat/completions', body, traced('01'));
    expect(sent(openai)).not.toHaveProperty('traceparent');
  });
});

describe('prompts and answers', () => {
  const contentNames = [
    'gen_ai.input.messages',
    'gen_ai.output.messages',
    'gen_ai.system_instructions',
  ];
  const asked = {
    ...body,
    messages: [{ role: 'system', content: 'be brief, sk-1234567890abcdef' }, ...messages],
  };

  test('are not in spans', async () => {
    await using it = await start();
    await it.gateway.post('/v1/chat/completions', asked);
    const text = JSON.stringify(await it.spans(), (_, value) =>
      typeof value === 'bigint' ? String(value) : value,
    );
    expect(text).not.toContain('secret word');
    for (const name of contentNames) expect(text).not.toContain(name);
  });

  test.each([true, false])('are where that is switched on; stream: %p', async (stream) => {
    await using it = await start({ settings: { captureContent: true } });
    const response = await it.gateway.post('/v1/chat/completions', { ...asked, stream });
    await response.text();
    const { attributes = {} } = (await it.spans())[1] ?? {};
    const [input, output, system] = contentNames.map((name) =>
      JSON.parse(String(attributes[name])),
    );
    expect(input).toEqual([
      { role: 'user', parts: [{ type: 'text', content: 'what is the secret word?' }] },
    ]);
    expect(output).toEqual([
      {
        role: 'assistant',
        parts: [{ type: 'text', content: expect.stringMatching(/\w/) }],
        finish_reason: 'stop',
      },
    ]);
    expect(system[0].content).toStartWith('be brief');
    expect(system[0].content).not.toContain('sk-123');
  });
});
