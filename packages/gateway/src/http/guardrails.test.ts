import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import {
  type Brain,
  type Emulator,
  startAnthropicEmulator,
  startGeminiEmulator,
  startOllamaEmulator,
  startOpenAiEmulator,
} from '@zeke/emulators';
import type { GuardrailConfig } from '@zeke/foundation';
import { planted } from '../guardrails/testing/planted.ts';
import { providerConfig, type TestGateway, testGateway } from '../testing/test-gateway.ts';

const secret = planted[0] ?? '';
const mail = 'ada.lovelace@example.org';

let openai: Emulator;
let anthropic: Emulator;
let gemini: Emulator;
let ollama: Emulator;
let gateway: TestGateway;
/** What the providers were asked, and what they say. */
let asked: string[] = [];
let reply = '';
let toolArguments: Record<string, unknown> | undefined;

const brain: Brain = ({ system, turns, tools }) => {
  asked.push([system, ...turns.map(({ text }) => text)].join('\n'));
  const usage = { input: 10, cachedInput: 0, output: 20, reasoning: 0 };
  const [tool] = tools;
  return toolArguments && tool
    ? { toolCalls: [{ name: tool.name, arguments: toolArguments }], finish: 'tool-calls', usage }
    : { text: reply, finish: 'stop', usage };
};

function rule(fields: Partial<GuardrailConfig> & Pick<GuardrailConfig, 'check'>): GuardrailConfig {
  return { name: 'keys', action: 'redact', direction: 'both', scope: {}, ...fields };
}

const secrets = rule({ check: { type: 'secrets', except: [] } });
const people = rule({ name: 'people', check: { type: 'personal_data', kinds: ['email'] } });

beforeAll(async () => {
  openai = startOpenAiEmulator({ apiKeys: ['k'], brain });
  anthropic = startAnthropicEmulator({ apiKeys: ['k'], brain });
  gemini = startGeminiEmulator({ apiKeys: ['k'], brain });
  ollama = startOllamaEmulator({ brain });
  gateway = await testGateway({
    providers: [
      providerConfig({ name: 'openai', type: 'openai', apiKey: 'k', baseUrl: `${openai.url}/v1` }),
      providerConfig({ name: 'anthropic', type: 'anthropic', apiKey: 'k', baseUrl: anthropic.url }),
      providerConfig({
        name: 'gemini',
        type: 'gemini',
        apiKey: 'k',
        baseUrl: `${gemini.url}/v1beta`,
      }),
      providerConfig({ name: 'ollama', type: 'ollama', baseUrl: ollama.url }),
    ],
  });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await Promise.all([openai, anthropic, gemini, ollama].map((each) => each.stop()));
});
beforeEach(() => {
  asked = [];
  reply = 'fine';
  toolArguments = undefined;
});

const models = [
  'openai/gpt-4.1-mini',
  'anthropic/claude-sonnet-4-5',
  'gemini/gemini-2.5-flash',
  'ollama/llama3.2',
];
interface Ask {
  path: string;
  body: Record<string, unknown>;
}
const dialects: Record<string, (model: string, text: string, stream: boolean) => Ask> = {
  chat: (model, content, stream) => ({
    path: '/v1/chat/completions',
    body: { model, stream, messages: [{ role: 'user', content }] },
  }),
  responses: (model, input, stream) => ({ path: '/v1/responses', body: { model, stream, input } }),
  messages: (model, content, stream) => ({
    path: '/v1/messages',
    body: { model, stream, max_tokens: 1_000, messages: [{ role: 'user', content }] },
  }),
  gemini: (model, text, stream) => ({
    path: `/v1beta/models/${model}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    body: { contents: [{ role: 'user', parts: [{ text }] }] },
  }),
  ollama: (model, content, stream) => ({
    path: '/api/chat',
    body: { model, stream, messages: [{ role: 'user', content }] },
  }),
};
const routes = Object.keys(dialects).flatMap((dialect) =>
  models.map((model) => [dialect, model] as const),
);
const each = routes.flatMap(([dialect, model]) =>
  [false, true].map((stream) => [dialect, model, stream] as const),
);
const ask = (dialect: string, model: string, text: string, stream = false) => {
  const { body, path } = dialects[dialect]?.(model, text, stream) ?? { path: '', body: {} };
  return gateway.post(path, body);
};

describe('requests that are redacted', () => {
  beforeAll(() => gateway.configure({ guardrails: [secrets, people] }));

  test.each(routes)('over %s to %s go out redacted', async (dialect, model) => {
    const response = await ask(dialect, model, `my key is ${secret}, write to ${mail}`);
    expect(response.status).toBe(200);
    expect(asked.join()).toContain('my key is [redacted:github-pat], write to [redacted:email]');
    expect(response.headers.get('x-zeke-guardrails')).toContain('keys redacted github-pat=1');
    expect(response.headers.get('x-zeke-guardrails')).toContain('people redacted email=1');
  });
});

describe('requests that are blocked', () => {
  beforeAll(() => gateway.configure({ guardrails: [{ ...secrets, action: 'block' }] }));

  test.each(routes)('over %s to %s are refused with rule and field', async (dialect, model) => {
    const response = await ask(dialect, model, `my key is ${secret}`);
    const text = await response.text();
    expect(response.status).toBe(400);
    expect(text).toContain('guardrail keys: ');
    expect(text).toMatch(/(messages\[0\]\.content|input|contents\[0\]\.parts\[0\]\.text) holds/);
    expect(text).not.toContain(secret);
    expect(asked).toEqual([]);
  });
});

test('words that are denied are told as that, and not repeated', async () => {
  const check = { type: 'deny_list', words: ['bluebird'], patterns: [], ignoreCase: true } as const;
  gateway.configure({ guardrails: [rule({ name: 'words', action: 'block', check })] });
  const [, model = ''] = models;
  const refused = await (await ask('chat', model, 'about Bluebird')).text();
  expect(refused).toContain('guardrail words: messages[0].content holds words that are denied: ');
  reply = 'The code name is bluebird.';
  const blocked = await (await ask('chat', model, 'hello')).text();
  expect(blocked).toContain('guardrail words: the answer holds words that are denied, ');
  expect(blocked).not.toContain('bluebird');
});

describe('answers that are redacted', () => {
  beforeAll(() => gateway.configure({ guardrails: [secrets, people] }));

  test.each(each)('over %s of %s (stream: %p)', async (dialect, model, stream) => {
    reply = `The key is ${secret} and the address ${mail}, as asked.`;
    const response = await ask(dialect, model, 'hello', stream);
    const text = await response.text();
    expect(response.status).toBe(200);
    expect(text).not.toContain(secret.slice(0, 12));
    expect(text).not.toContain('lovelace');
    const said = stream ? textOf(text) : text;
    expect(said).toContain(
      'The key is [redacted:github-pat] and the address [redacted:email], as asked.',
    );
  });
});

describe('answers that are blocked are paid for', () => {
  beforeAll(() =>
    gateway.configure({ guardrails: [{ ...secrets, action: 'block', direction: 'out' }] }),
  );

  test.each(each)('over %s of %s (stream: %p)', async (dialect, model, stream) => {
    reply = `${'Many words before. '.repeat(4)}The key is ${secret} as asked.`;
    const response = await ask(dialect, model, 'hello', stream);
    const text = await response.text();
    expect(text).toContain('guardrail keys: the answer holds what looks like github-pat');
    expect(text).not.toContain(secret.slice(0, 12));
    expect(text).not.toContain('as asked');
    const row = (await gateway.ledger()).at(-1);
    expect(row?.outcome).toBe(response.status === 200 ? 'incomplete' : 'error');
    expect(row?.input_tokens).toBeGreaterThan(0);
    expect(row?.output_tokens).toBeGreaterThan(10);
  });
});

/** What a stream of any dialect tells in pieces. */
function textOf(stream: string): string {
  let text = '';
  for (const line of stream.split('\n')) {
    const json = line.replace(/^data: /, '');
    if (!json.startsWith('{')) continue;
    const data = JSON.parse(json);
    text +=
      data.choices?.[0]?.delta?.content ??
      data.delta?.text ??
      (typeof data.delta === 'string' ? data.delta : undefined) ??
      data.candidates?.[0]?.content?.parts?.[0]?.text ??
      data.message?.content ??
      '';
  }
  return text;
}
