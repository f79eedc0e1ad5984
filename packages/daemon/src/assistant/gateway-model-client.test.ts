import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { ModelEvent, ModelMessage, ModelRequest } from '@zeke/assistant';
import {
  type Brain,
  type Emulator,
  startAnthropicEmulator,
  startGeminiEmulator,
  startOllamaEmulator,
  startOpenAiEmulator,
} from '@zeke/emulators';
import { createLogger, loadConfig, type ProviderConfig, Secret } from '@zeke/foundation';
import { type TemporaryDirectory, temporaryDirectory } from '@zeke/foundation/testing';
import { estimateCost } from '@zeke/gateway';
import { type Composition, compose } from '../compose.ts';
import { GatewayModelClient } from './gateway-model-client.ts';

/** Looks a file up first, then says what it found. */
const reader: Brain = ({ reasoning, tools, turns }) => {
  const usage = { input: 40, cachedInput: 0, output: 20, reasoning: 0 };
  if (tools.length === 0) return { text: '42', finish: 'stop', usage };
  const result = turns.findLast(({ role }) => role === 'tool');
  const thoughts = reasoning ? { reasoning: 'The file will say.' } : {};
  if (result) return { ...thoughts, text: `It says ${result.text}.`, finish: 'stop', usage };
  const call = { name: 'read_file', arguments: { path: 'a.txt' } };
  return { ...thoughts, toolCalls: [call], finish: 'tool-calls', usage };
};

const emulators: Record<string, Emulator> = {};
let folder: TemporaryDirectory;
let parts: Composition;
let client: GatewayModelClient;

beforeAll(async () => {
  folder = await temporaryDirectory();
  emulators.openai = startOpenAiEmulator({ brain: reader });
  emulators.anthropic = startAnthropicEmulator({ brain: reader });
  emulators.gemini = startGeminiEmulator({ brain: reader });
  emulators.ollama = startOllamaEmulator({ brain: reader });
  const environment = { ZEKE_HOME: folder.path };
  const price = `[prices."gpt-4.1-mini"]
input = 1000
output = 1000
[models.several]
strategy = "fallback"
candidates = ["openai/gpt-4.1", "openai/gpt-4.1-mini", "openai/nobody-knows-it"]
`;
  await Bun.write(`${folder.path}/zeke.toml`, price);
  const loaded = await loadConfig({ cwd: folder.path, environment });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
  const base: Record<string, string> = { openai: '/v1', gemini: '/v1beta' };
  parts = await compose({
    config: loaded.config,
    environment,
    fetch,
    now: Date.now,
    log: createLogger({ level: 'silent' }),
    extraProviders: Object.entries(emulators).map(
      ([name, { url }]) =>
        ({
          name,
          type: name,
          headers: {},
          priority: 100,
          apiKey: new Secret('emulated'),
          baseUrl: `${url}${base[name] ?? ''}`,
        }) as ProviderConfig,
    ),
  });
  client = new GatewayModelClient({
    send: async (path, init) => parts.gateway.handle(new Request(`http://localhost${path}`, init)),
  });
});

afterAll(async () => {
  await parts[Symbol.asyncDispose]();
  for (const emulator of Object.values(emulators)) await emulator[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const never = new AbortController().signal;
const question: ModelMessage = {
  role: 'user',
  parts: [{ type: 'text', text: 'What does a.txt say?' }],
};

function request(model: string, messages: ModelMessage[], fields = {}): ModelRequest {
  const parameters = { type: 'object', properties: { path: { type: 'string' } } };
  const tools = [{ name: 'read_file', description: 'Reads a file.', parameters }];
  return { model, system: 'You read files.', messages, tools, ...fields };
}

async function eventsOf(answer: AsyncIterable<ModelEvent>): Promise<ModelEvent[]> {
  const events: ModelEvent[] = [];
  for await (const event of answer) events.push(event);
  return events;
}

/** The message that an answer is, as a session keeps it. */
function messageOf(events: readonly ModelEvent[]): ModelMessage {
  const call = { id: '', name: '', arguments: '', signature: undefined as string | undefined };
  let thought = '';
  let signature: string | undefined;
  for (const event of events) {
    if (event.type === 'reasoning') thought += event.text;
    if (event.type === 'reasoning-end') signature = event.signature;
    if (event.type === 'tool-call') Object.assign(call, { id: event.id, name: event.name });
    if (event.type === 'tool-arguments') call.arguments += event.json;
    if (event.type === 'tool-signature') call.signature = event.signature;
  }
  const { signature: sign, ...plain } = call;
  return {
    role: 'assistant',
    parts: [
      ...(thought === ''
        ? []
        : [{ type: 'reasoning' as const, text: thought, ...(signature ? { signature } : {}) }]),
      { type: 'tool-call', ...plain, ...(sign ? { signature: sign } : {}) },
    ],
  };
}

describe.each([
  ['openai/gpt-4.1-mini', {}],
  ['anthropic/claude-sonnet-4-5', { effort: 'low', maxOutputTokens: 4_000 }],
  ['gemini/gemini-2.5-flash', { effort: 'low' }],
  ['ollama/qwen3:8b', {}],
])('%s', (model, fields) => {
  test('calls a tool and goes on with its result; what was thought goes back', async () => {
    const first = await eventsOf(client.generate(request(model, [question], fields), never));
    expect(first.at(-1)).toMatchObject({ type: 'finish', reason: 'tool-calls' });
    const answer = messageOf(first);
    const call = answer.parts.find((part) => part.type === 'tool-call');
    expect(call).toMatchObject({ name: 'read_file' });
    expect(JSON.parse(call?.arguments ?? '')).toEqual({ path: 'a.txt' });
    const result: ModelMessage = {
      role: 'user',
      parts: [
        {
          type: 'tool-result',
          callId: call?.id ?? '',
          isError: false,
          content: [{ type: 'text', text: 'hello' }],
        },
      ],
    };
    const messages = [question, answer, result];
    const second = await eventsOf(client.generate(request(model, messages, fields), never));
    const text = second.map((event) => (event.type === 'text' ? event.text : '')).join('');
    expect(text).toBe('It says hello.');
    expect(second.at(-1)).toMatchObject({
      type: 'finish',
      reason: 'stop',
      usage: { inputTokens: expect.any(Number), outputTokens: expect.any(Number) },
      model: expect.stringMatching(new RegExp(`^${model.split('/')[0]}/`)),
    });
  });
});

test('thoughts of a model come with the signature that it wants back', async () => {
  const fields = { effort: 'low', maxOutputTokens: 4_000 };
  const asked = request('anthropic/claude-sonnet-4-5', [question], fields);
  const { parts: told } = messageOf(await eventsOf(client.generate(asked, never)));
  expect(told[0]).toMatchObject({
    type: 'reasoning',
    text: 'The file will say.',
    signature: expect.stringMatching(/.{10}/),
  });
});

test('what an answer costs is told where the price is known', async () => {
  const asked = request('openai/gpt-4.1-mini', [question]);
  const finish = (await eventsOf(client.generate(asked, never))).at(-1);
  expect(finish).toMatchObject({ type: 'finish', costMicroUsd: 60_000 });
});

test.each([
  'openai/gpt-4.1-mini',
  'openai/gpt-4.1',
  'anthropic/claude-sonnet-4-5',
  'gemini/gemini-2.5-flash',
  'ollama/llama3.2',
])('what %s answers has a cost, and the same is estimated of its tokens', async (model) => {
  const finish = (await eventsOf(client.generate(request(model, [question]), never))).at(-1);
  if (finish?.type !== 'finish') throw new Error('it has no end');
  const { inputTokens = 0, outputTokens = 0, cachedInputTokens = 0 } = finish.usage;
  const tokens = { input: inputTokens, output: outputTokens, cachedInput: cachedInputTokens };
  const estimated = await estimateCost(parts.gateway.pricing, finish.model ?? '', tokens);
  expect(finish.costMicroUsd).toBe(estimated);
  expect(estimated).toSatisfy((cost) =>
    model.startsWith('ollama') ? cost === 0 : Number(cost) > 0,
  );
});

test('nobody knows what an unknown model costs; of an alias the dearest is counted', async () => {
  const tokens = { input: 1_000_000, output: 0 };
  const cost = (name: string) => estimateCost(parts.gateway.pricing, name, tokens);
  expect(await cost('openai/nobody-knows-it')).toBeUndefined();
  expect(await cost('no such model')).toBeUndefined();
  expect(await cost('gpt-4.1-mini')).toBe(1_000_000_000);
  expect(await cost('several')).toBe(1_000_000_000);
});

test('a refusal of the gateway is an error with its code and message', async () => {
  const asked = eventsOf(client.generate(request('openai/no-such', [question]), never));
  await expect(asked).rejects.toMatchObject({
    code: 'not_found',
    message: expect.stringContaining('no-such'),
    retryable: false,
  });
});

test('a provider that is overloaded says when to ask again', async () => {
  emulators.openai?.faults.push({ kind: 'status', status: 429, retryAfterSeconds: 7 });
  const asked = eventsOf(client.generate(request('openai/gpt-4.1-mini', [question]), never));
  const error = await asked.catch((reason) => reason);
  expect(error).toMatchObject({ code: 'resource_exhausted', retryable: true });
  expect(error.detail('google.rpc.RetryInfo')).toMatchObject({ retryDelay: { seconds: 7n } });
});

test('who goes away is told nothing more, and the provider is left', async () => {
  const leaving = new AbortController();
  const answer = client.generate(request('openai/gpt-4.1-mini', [question]), leaving.signal);
  leaving.abort();
  await expect(eventsOf(answer)).rejects.toMatchObject({ code: 'canceled' });
});

test('models are listed with their room, and which of them fill in the middle', async () => {
  const models = await client.models(never);
  expect(models.find(({ id }) => id === 'openai/gpt-4.1-mini')).toMatchObject({ canFill: false });
  expect(models.some(({ contextWindow = 0 }) => contextWindow > 1_000)).toBe(true);
});

test('a model of an Ollama fills in the middle', async () => {
  const model = 'ollama/qwen2.5-coder:7b';
  const events = [];
  const fill = { model, prefix: 'const a = ', suffix: ';\n', maxOutputTokens: 20 };
  for await (const event of client.fill(fill, never)) events.push(event);
  expect(events.at(-1)).toMatchObject({ type: 'finish', model });
  expect(events.length).toBeGreaterThan(1);
});
