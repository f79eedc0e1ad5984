import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import {
  type Brain,
  type Emulator,
  startAnthropicEmulator,
  startOllamaEmulator,
  startOpenAiEmulator,
} from '@zeke/emulators';
import { type GuardrailConfig, Secret } from '@zeke/foundation';
import { planted } from '../guardrails/testing/planted.ts';
import { providerConfig, type TestGateway, testGateway } from '../testing/test-gateway.ts';

const secret = planted[0] ?? '';
const mail = 'ada.lovelace@example.org';
const openaiModel = 'openai/gpt-4.1-mini';

let openai: Emulator;
let anthropic: Emulator;
let ollama: Emulator;
let gateway: TestGateway;
let asked: string[] = [];
let reply = '';
let call: Record<string, unknown> | undefined;

const brain: Brain = ({ system, turns, tools }) => {
  asked.push([system, ...turns.map(({ text }) => text)].join('\n'));
  const usage = { input: 10, cachedInput: 0, output: 20, reasoning: 0 };
  const [tool] = tools;
  return call && tool
    ? { toolCalls: [{ name: tool.name, arguments: call }], finish: 'tool-calls', usage }
    : { text: reply, finish: 'stop', usage };
};

function rule(fields: Partial<GuardrailConfig> & Pick<GuardrailConfig, 'check'>): GuardrailConfig {
  return { name: 'rule', action: 'redact', direction: 'both', scope: {}, ...fields };
}

const secrets = rule({ name: 'keys', check: { type: 'secrets', except: [] } });
const people = rule({
  name: 'people',
  check: { type: 'personal_data', kinds: ['email', 'payment_card'] },
});
const guard = (...guardrails: GuardrailConfig[]) =>
  gateway.configure({ guardrails, aliases, cache });
const aliases = new Map([
  [
    'near',
    { strategy: 'fallback', candidates: ['anthropic/claude-sonnet-4-5', 'ollama/llama3.2'] },
  ],
  [
    'merged',
    {
      strategy: 'parallel_merge',
      candidates: [openaiModel, 'ollama/llama3.2'],
      merge: 'best',
      judge: 'anthropic/claude-sonnet-4-5',
    },
  ],
] as const);
const cache = {
  maxBytes: 1e6,
  maxTemperature: 0,
  scope: 'shared',
  ttlMs: 60_000,
  byModel: [],
} as const;

beforeAll(async () => {
  openai = startOpenAiEmulator({ apiKeys: ['k'], brain });
  anthropic = startAnthropicEmulator({ apiKeys: ['k'], brain });
  ollama = startOllamaEmulator({ brain });
  gateway = await testGateway({
    providers: [
      providerConfig({ name: 'openai', type: 'openai', apiKey: 'k', baseUrl: `${openai.url}/v1` }),
      providerConfig({ name: 'anthropic', type: 'anthropic', apiKey: 'k', baseUrl: anthropic.url }),
      providerConfig({ name: 'ollama', type: 'ollama', baseUrl: ollama.url }),
    ],
  });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await Promise.all([openai, anthropic, ollama].map((each) => each.stop()));
});
beforeEach(() => {
  asked = [];
  reply = 'fine';
  call = undefined;
});

const chat = (content: unknown, more: object = {}, headers: Record<string, string> = {}) =>
  gateway.post(
    '/v1/chat/completions',
    { model: openaiModel, messages: [{ role: 'user', content }], ...more },
    headers,
  );

describe('a request', () => {
  test('that passes keeps every other byte', async () => {
    guard(secrets);
    const body = `{ "model":"${openaiModel}", "messages" : [{"role":"user","content":"a\\u0041 ${secret}"}],"seed":  1 }`;
    await gateway.post('/v1/chat/completions', body);
    expect(new TextDecoder().decode(openai.requests.at(-1)?.body)).toBe(
      '{ "model":"gpt-4.1-mini", "messages" : [{"role":"user","content":"aA [redacted:github-pat]"}],"seed":  1 }',
    );
  });

  test('is looked at in a member that stands twice, which readers take differently', async () => {
    guard({ ...secrets, action: 'block' });
    const twice = `{"model":"${openaiModel}","messages":[{"role":"user","content":"${secret}"}],"messages":[{"role":"user","content":"x"}]}`;
    expect((await gateway.post('/v1/chat/completions', twice)).status).toBe(400);
  });

  test('has its tools, their arguments and results looked at', async () => {
    guard(secrets, people);
    await gateway.post('/v1/messages', {
      model: 'anthropic/claude-sonnet-4-5',
      max_tokens: 100,
      system: `mind ${mail}`,
      messages: [
        { role: 'user', content: 'go' },
        {
          role: 'assistant',
          content: [
            {
              type: 'tool_use',
              id: 'toolu_1',
              name: 'f',
              input: { id: mail, card: 4_111_111_111_111_111 },
            },
          ],
        },
        {
          role: 'user',
          content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: secret }],
        },
      ],
      tools: [{ name: 'f', input_schema: { type: 'object' } }],
    });
    const sent = new TextDecoder().decode(anthropic.requests.at(-1)?.body);
    expect(JSON.parse(sent)).toMatchObject({
      system: 'mind [redacted:email]',
      messages: [
        {},
        { content: [{ input: { id: '[redacted:email]', card: '[redacted:payment_card]' } }] },
        { content: [{ tool_use_id: 'toolu_1', content: '[redacted:github-pat]' }] },
      ],
    });
  });

  test('goes to the candidates for which no rule blocks it', async () => {
    guard({ ...people, action: 'block', direction: 'in', scope: { providers: ['anthropic'] } });
    const response = await chat(`write to ${mail}`, { model: 'near' });
    expect(response.headers.get('x-zeke-provider')).toBe('ollama');
    expect(response.headers.get('x-zeke-guardrails')).toBe('people blocked email=1');
    expect(asked).toEqual([expect.stringContaining(mail)]);
    const direct = await chat(`write to ${mail}`, { model: 'anthropic/claude-sonnet-4-5' });
    expect(direct.status).toBe(400);
  });

  test('of another key is not looked at by a rule for one', async () => {
    guard({ ...people, action: 'block', scope: { keys: ['key_other'] } });
    expect((await chat(mail)).status).toBe(200);
  });

  test('is reported, with neither text nor words of it in the log', async () => {
    guard({ ...secrets, action: 'report' });
    gateway.logged.length = 0;
    const response = await chat(`key ${secret}`);
    expect(response.headers.get('x-zeke-guardrails')).toBe('keys found github-pat=1');
    expect(asked.join()).toContain(secret);
    const line = gateway.logged.find(({ msg }) => msg === 'a guardrail found something');
    expect(line).toMatchObject({
      rule: 'keys',
      kind: 'github-pat',
      field: 'messages[0].content',
      length: secret.length,
      hash: expect.stringMatching(/^[0-9a-f]{12}$/),
    });
    expect(JSON.stringify(gateway.logged)).not.toContain(secret.slice(4, 12));
    const metrics = await (await gateway.get('/metrics')).text();
    expect(metrics).toMatch(/gateway_guardrail_findings_total\{[^}]*rule="keys"[^}]*\} [1-9]/);
  });

  test('is measured', async () => {
    const size = { type: 'max_size', maxCharacters: 60, maxMessages: 2, maxTokens: 20 } as const;
    guard(rule({ name: 'size', action: 'block', direction: 'in', check: size }));
    expect((await chat('short')).status).toBe(200);
    expect(await (await chat('x'.repeat(80))).text()).toMatch(/has \d+ characters of at most 60/);
    const three = [1, 2, 3].map((content) => ({ role: 'user', content: `${content}` }));
    expect(await (await chat('', { messages: three })).text()).toContain('3 messages of at most 2');
    const dots = await chat('. - + ! '.repeat(6));
    expect(await dots.text()).toMatch(/has \d+ tokens of at most 20/);
  });

  test('for vectors, for a count of tokens, in a form and past all dialects', async () => {
    guard(secrets);
    await gateway.post('/v1/embeddings', {
      model: 'openai/text-embedding-3-small',
      input: [secret],
    });
    await gateway.post('/v1/messages/count_tokens', {
      model: 'anthropic/claude-sonnet-4-5',
      messages: [{ role: 'user', content: secret }],
    });
    await gateway.post('/providers/openai/v1/chat/completions', {
      model: 'gpt-4.1-mini',
      messages: [{ role: 'user', content: secret }],
    });
    const form = new FormData();
    form.set('purpose', 'batch');
    form.set('file', new File([`{"a":"${secret}"}\n`], 'b.jsonl'));
    const request = new Request('http://127.0.0.1/v1/files', { method: 'POST', body: form });
    await gateway.gateway.handle(request);
    const bodies = [...openai.requests.slice(-3), ...anthropic.requests.slice(-1)].map(({ body }) =>
      new TextDecoder().decode(body),
    );
    expect(bodies).toHaveLength(4);
    for (const body of bodies) expect(body).toContain('[redacted:github-pat]');
    expect(bodies.join()).not.toContain(secret);
  });
});

describe('an answer', () => {
  const tools = [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }];

  test.each([openaiModel, 'anthropic/claude-sonnet-4-5'])(
    'of %s that calls a tool',
    async (model) => {
      guard(secrets, people);
      call = { key: secret, card: 4_111_111_111_111_111, to: [mail] };
      for (const stream of [false, true]) {
        const text = await (await chat('go', { model, tools, stream })).text();
        const given = stream
          ? argumentsOf(text)
          : JSON.parse(text).choices[0].message.tool_calls[0].function.arguments;
        expect(JSON.parse(given)).toEqual({
          key: '[redacted:github-pat]',
          card: '[redacted:payment_card]',
          to: ['[redacted:email]'],
        });
        expect(text).toContain('"finish_reason":"tool_calls"');
      }
    },
  );

  test('of a stream keeps its usage, its end and its number of records', async () => {
    guard();
    reply = `some words, then ${secret} and more words`;
    const ask = () => chat('hi', { stream: true, stream_options: { include_usage: true } });
    const plain = (await (await ask()).text()).split('\n\n');
    guard(secrets);
    const guarded = (await (await ask()).text()).split('\n\n');
    expect(guarded).toHaveLength(plain.length);
    expect(guarded.at(-2)).toBe('data: [DONE]');
    expect(guarded.at(-3)).toContain('"usage":{');
    expect(guarded.at(-4)).toContain('"finish_reason":"stop"');
  });

  test('over a raw path is redacted, and blocked with an error of its dialect', async () => {
    reply = `the key is ${secret}`;
    const raw = (stream: boolean) =>
      gateway.post('/providers/openai/v1/chat/completions', {
        model: 'gpt-4.1-mini',
        stream,
        messages: [{ role: 'user', content: 'hi' }],
      });
    guard(secrets);
    expect(await (await raw(false)).text()).toContain('the key is [redacted:github-pat]');
    const text = await (await raw(true)).text();
    expect(text).toContain('[redacted:github-pat]');
    expect(text).not.toContain(secret.slice(8, 16));
    expect(text).toContain('[DONE]');
    guard({ ...secrets, action: 'block', direction: 'out' });
    const blocked = await (await raw(true)).text();
    expect(blocked).toMatch(/\n\ndata: \{"error":.*guardrail keys.*\}\n\n$/);
    expect(blocked).not.toContain('[DONE]');
  });

  test('has no probabilities of tokens that are redacted', async () => {
    reply = `key ${secret} end`;
    for (const stream of [false, true]) {
      guard();
      const plain = await (await chat('hi', { stream, logprobs: true })).text();
      expect(plain).toMatch(new RegExp(`"token":"[^"]*${secret.slice(6, 8)}`));
      guard(secrets);
      const text = await (await chat('hi', { stream, logprobs: true })).text();
      expect(text).toContain('[redacted:github-pat]');
      expect(text).not.toContain(secret.slice(8, 16));
      expect(text).not.toMatch(new RegExp(`"token":"[^"]*${secret.slice(6, 8)}`));
    }
  });

  test('that grows too long is stopped', async () => {
    const check = { type: 'max_size', maxCharacters: 40 } as const;
    guard(rule({ name: 'size', action: 'block', direction: 'out', check }));
    reply = 'word '.repeat(100);
    const text = await (await chat('hi', { stream: true })).text();
    expect(text).toContain('guardrail size: the answer has over 40 characters');
  });

  test('that is merged is judged and told as its candidates may be', async () => {
    guard(secrets);
    reply = `the key ${secret} it is`;
    const text = await (await chat('hi', { model: 'merged' })).text();
    expect(text).toContain('[redacted:github-pat]');
    expect(asked.join()).not.toContain(secret);
  });
});

describe('the cache', () => {
  test('keeps what its caller may see, and gives it to none with other rules', async () => {
    gateway.configure({ guardrails: [secrets], cache });
    reply = `the key is ${secret}`;
    const ask = () => chat('what is the key?', { temperature: 0 });
    expect(await (await ask()).text()).toContain('[redacted:github-pat]');
    const again = await ask();
    expect(again.headers.get('x-zeke-cache')).toBe('hit');
    expect(again.headers.get('x-zeke-guardrails')).toBe('keys redacted github-pat=1');
    expect(await again.text()).toContain('[redacted:github-pat]');
    gateway.configure({ guardrails: [{ ...secrets, direction: 'in' }], cache });
    const others = await ask();
    expect(others.headers.get('x-zeke-cache')).toBe('miss');
    expect(await others.text()).toContain(secret);
  });

  test('does not answer what is blocked', async () => {
    gateway.configure({ guardrails: [{ ...people, direction: 'in', action: 'report' }], cache });
    const ask = () => chat(`who is ${mail}?`, { temperature: 0 });
    await (await ask()).text();
    gateway.configure({ guardrails: [{ ...people, direction: 'in', action: 'block' }], cache });
    expect((await ask()).status).toBe(400);
  });
});

describe('content that is kept', () => {
  const content = {
    keep: 'everything',
    keys: new Set<string>(),
    orgs: new Set<string>(),
    projects: new Set<string>(),
    keepMs: 86_400_000,
    maxBytes: 10_000,
    key: new Uint8Array(32).fill(7),
  } as const;
  const keptOf = async (response: Response) => {
    await response.text();
    return (await gateway.get(`/admin/content/${response.headers.get('x-request-id')}`)).text();
  };

  test('is what went out, and nothing of what was blocked', async () => {
    reply = `it is ${secret}`;
    gateway.configure({ guardrails: [secrets], content });
    const kept = await keptOf(await chat(`my key ${secret}`, { stream: true }));
    expect(kept).toContain('my key [redacted:github-pat]');
    expect(kept).not.toContain(secret);
    gateway.configure({ guardrails: [{ ...secrets, action: 'block' }], content });
    const blocked = await keptOf(await chat(`my key ${secret}`));
    expect(blocked).toContain('guardrail keys');
    expect(blocked).not.toContain('my key');
  });
});

describe('a webhook', () => {
  let hook: Bun.Server<undefined>;
  let said: (question: Record<string, unknown>) => Response | Promise<Response>;
  let seen: { headers: Headers; body: string }[] = [];

  beforeAll(() => {
    hook = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: async (request) => {
        const body = await request.text();
        seen.push({ headers: request.headers, body });
        return said(JSON.parse(body));
      },
    });
  });
  afterAll(() => hook.stop(true));
  beforeEach(() => {
    seen = [];
  });

  const asking = (fields: object = {}, more: Partial<GuardrailConfig> = {}) =>
    rule({
      name: 'hook',
      action: 'block',
      direction: 'in',
      check: {
        type: 'webhook',
        url: `${hook.url}`,
        secret: new Secret('s3cret'),
        timeoutMs: 2_000,
        onFailure: 'block',
        ...fields,
      },
      ...more,
    });

  test('is sent signed texts, and lets pass, blocks or redacts', async () => {
    guard(secrets, asking());
    said = () => Response.json({ verdict: 'allow' });
    expect((await chat(`tell ${secret}`)).status).toBe(200);
    const [first] = seen;
    const mac = new Bun.CryptoHasher('sha256', 's3cret').update(first?.body ?? '').digest('hex');
    expect(first?.headers.get('x-zeke-signature')).toBe(`sha256=${mac}`);
    expect(JSON.parse(first?.body ?? '')).toMatchObject({
      rule: 'hook',
      direction: 'in',
      model: openaiModel,
      texts: [{ field: 'messages[0].content', text: 'tell [redacted:github-pat]' }],
    });
    said = () => Response.json({ verdict: 'block', reason: 'not today' });
    const blocked = await chat('hi');
    expect(blocked.status).toBe(400);
    expect(await blocked.text()).toContain('guardrail hook: the request was refused (not today)');
    said = () => Response.json({ verdict: 'redact', texts: ['Falcon'] });
    await chat('about Falcon');
    expect(asked.at(-1)).toContain('about [redacted:hook]');
  });

  test('that fails blocks or allows, as its rule says', async () => {
    said = () => new Response('no', { status: 500 });
    guard(asking());
    const blocked = await chat('hi');
    expect(await blocked.text()).toContain('its webhook did not answer well');
    guard(asking({ onFailure: 'allow' }));
    expect((await chat('hi')).status).toBe(200);
    said = () => Response.json({ verdict: 'maybe' });
    expect((await chat('hi')).status).toBe(200);
  });

  test('that does not answer is not waited for any longer than it may take', async () => {
    const { promise, resolve } = Promise.withResolvers<Response>();
    said = () => promise;
    guard(asking({ timeoutMs: 20 }));
    expect((await chat('hi')).status).toBe(400);
    resolve(new Response());
  });

  test('sees an answer before any of it is told, also one that streams', async () => {
    guard(asking({}, { direction: 'out' }));
    reply = 'something unsaid';
    said = ({ texts }) =>
      Response.json({ verdict: JSON.stringify(texts).includes('unsaid') ? 'block' : 'allow' });
    const whole = await chat('hi');
    expect(whole.status).toBe(403);
    const stream = await (await chat('hi', { stream: true })).text();
    expect(stream).toContain('guardrail hook: the answer was refused');
    expect(stream).not.toContain('someth');
    expect((await gateway.ledger()).at(-1)).toMatchObject({ outcome: 'ok' });
    reply = 'all is well';
    expect(await (await chat('hi', { stream: true })).text()).toContain('[DONE]');
  });
});

function argumentsOf(stream: string): string {
  let json = '';
  for (const line of stream.split('\n')) {
    if (!line.startsWith('data: {')) continue;
    const [choice] = JSON.parse(line.slice('data: '.length)).choices;
    json += choice?.delta.tool_calls?.[0]?.function?.arguments ?? '';
  }
  return json;
}
