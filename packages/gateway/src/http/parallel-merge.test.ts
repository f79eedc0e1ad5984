import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import {
  type Brain,
  type Emulator,
  type Fault,
  type Reply,
  startOpenAiEmulator,
} from '@zeke/emulators';
import { anthropicMessagesDialect } from '../dialects/anthropic-messages/index.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { geminiDialect } from '../dialects/gemini/index.ts';
import { ollamaDialect } from '../dialects/ollama/index.ts';
import { openAiChatDialect } from '../dialects/openai-chat/index.ts';
import { openaiResponsesDialect } from '../dialects/openai-responses/index.ts';
import { collectResponse } from '../neutral/collect-response.ts';
import type { ModelAlias } from '../routing/model-catalog.ts';
import { gistOf } from '../testing/answer-gist.ts';
import { eventsOf } from '../testing/caller-stream.ts';
import { providerConfig, type TestGateway, testGateway } from '../testing/test-gateway.ts';

const messages = [{ role: 'user', content: 'Which city?' }];
const usage = { input: 3, cachedInput: 0, output: 7, reasoning: 0 };
const names = ['one', 'two', 'three', 'judge'] as const;
type Name = (typeof names)[number];

const model = 'gpt-4.1-mini';
const panel = (more: Partial<ModelAlias> = {}): ModelAlias => ({
  strategy: 'parallel_merge',
  candidates: [`one/${model}`, `two/${model}`, `three/${model}`],
  ...more,
});
const judge = `judge/${model}`;

let emulators: Record<Name, Emulator>;
let gateway: TestGateway;
/** What the emulated models answer. */
let replies: Record<Name, Omit<Reply, 'usage' | 'finish'> & Partial<Reply>>;

beforeEach(async () => {
  replies = {
    one: { text: 'Rome' },
    two: { text: 'Paris' },
    three: { text: 'paris.' },
    judge: { text: '{"best": 2}' },
  };
  const start = (name: Name) => {
    const brain: Brain = () => ({ finish: 'stop', usage, ...replies[name] });
    return startOpenAiEmulator({ apiKeys: ['k'], brain });
  };
  emulators = {
    one: start('one'),
    two: start('two'),
    three: start('three'),
    judge: start('judge'),
  };
  gateway = await testGateway({
    providers: names.map((name) =>
      providerConfig({
        name,
        type: 'openai',
        apiKey: 'k',
        baseUrl: `${emulators[name].url}/v1`,
        models: [model],
      }),
    ),
    settings: {
      aliases: new Map([
        ['vote', panel()],
        ['pair', panel({ k: 2 })],
        ['twice', panel({ candidates: [`one/${model}`, 'one/gpt-4.1', `two/${model}`] })],
        ['best', panel({ merge: 'best', judge })],
        ['whole', panel({ merge: 'synthesize', judge })],
        ['quick', panel({ merge: 'best', judge, mergeWaitMs: 20 })],
        ['orphan', panel({ merge: 'best', judge: 'nobody/x' })],
      ]),
    },
  });
});
afterEach(async () => {
  await gateway[Symbol.asyncDispose]();
  await Promise.all(names.map((name) => emulators[name].stop()));
});

interface Answer {
  choices: {
    message: {
      content: string | null;
      tool_calls?: { function: { name: string; arguments: string } }[];
    };
  }[];
  error: { message: string; param: string; code: string };
  id: string;
  output: { content: { text: string }[] }[];
  usage: { prompt_tokens: number; completion_tokens: number };
}

const json = async (response: Response): Promise<Answer> => (await response.json()) as Answer;
const chat = (body: object, headers?: Record<string, string>) =>
  gateway.post('/v1/chat/completions', { messages, ...body }, headers);
const textOf = async (response: Response) => (await json(response)).choices[0]?.message.content;
const rows = async () =>
  (await gateway.ledger()).map(
    ({ operation, outcome, provider }) => `${provider} ${operation} ${outcome}`,
  );
const bodyOf = (name: Name, at = 0) =>
  JSON.parse(new TextDecoder().decode(emulators[name].requests[at]?.body));

describe('a vote', () => {
  test('gives what most say; the ledger has all, and the usage is all of it', async () => {
    const response = await chat({ model: 'vote' });
    expect(response.headers.get('x-zeke-strategy')).toBe('parallel_merge');
    expect(response.headers.get('x-zeke-merge')).toBe('vote');
    expect(response.headers.get('x-zeke-attempts')).toBe('3');
    expect(response.headers.get('x-zeke-provider')).toBe('two');
    const answer = await json(response);
    expect(answer.choices[0]?.message.content).toBe('Paris');
    expect(answer.usage).toMatchObject({ prompt_tokens: 9, completion_tokens: 21 });
    const ledger = await gateway.ledger();
    expect(ledger).toHaveLength(3);
    expect(new Set(ledger.map((row) => row.request_id)).size).toBe(1);
    expect(answer.id).toBe(`chatcmpl-${ledger[0]?.request_id.slice('req_'.length)}`);
    expect(ledger.map((row) => row.attempt).sort()).toEqual([1, 2, 3]);
    expect(ledger.every((row) => row.requested_model === 'vote' && row.output_tokens === 7)).toBe(
      true,
    );
  });

  test('on fields of JSON', async () => {
    replies.one.text = '{"city":"Rome","land":"Italy","seen":12345678901234567890}';
    replies.two.text = '{"city":"Paris","land":"France","seen":1}';
    replies.three.text = '{"city":"Paris","land":"Italy","seen":12345678901234567890}';
    const properties = {
      city: { type: 'string' },
      land: { type: 'string' },
      seen: { type: 'integer' },
    };
    const schema = {
      type: 'object',
      properties,
      required: Object.keys(properties),
      additionalProperties: false,
    };
    const response = await chat({
      model: 'vote',
      response_format: { type: 'json_schema', json_schema: { name: 'x', strict: true, schema } },
    });
    expect(await textOf(response)).toBe(replies.three.text);
  });

  test('on fields, where no answer has all that most say', async () => {
    replies.one.text = '{"a":1,"b":12345678901234567890,"c":3}';
    replies.two.text = '{"a":1,"b":2,"c":4}';
    replies.three.text = '{"a":0,"b":12345678901234567890,"c":4}';
    expect(await textOf(await chat({ model: 'vote' }))).toBe(
      '{"a":1,"b":12345678901234567890,"c":4}',
    );
  });

  test('on calls of tools', async () => {
    const calling = (city: string) => ({
      finish: 'tool-calls' as const,
      toolCalls: [{ name: 'weather', arguments: { city } }],
    });
    replies.one = calling('Rome');
    replies.two = calling('Oslo');
    replies.three = calling('Oslo');
    const parameters = { type: 'object', properties: { city: { type: 'string' } } };
    const tools = [{ type: 'function', function: { name: 'weather', parameters } }];
    const { choices } = await json(await chat({ model: 'vote', tools }));
    const calls = choices[0]?.message.tool_calls ?? [];
    expect(calls.map((call) => JSON.parse(call.function.arguments))).toEqual([{ city: 'Oslo' }]);
  });

  test('leaves out who fails, asks the next, and tells the error where all fail', async () => {
    emulators.one.faults.push({ kind: 'status', status: 503 });
    const response = await chat({ model: 'pair' });
    expect(await textOf(response)).toBe('Paris');
    expect(response.headers.get('x-zeke-attempts')).toBe('3');
    for (const name of names) emulators[name].faults.push({ kind: 'status', status: 503 });
    expect((await chat({ model: 'vote' })).status).toBe(503);
    expect((await rows()).slice(-3).every((row) => row.endsWith('chat error'))).toBe(true);
  });

  test('needs more than one answer', async () => {
    for (const name of ['two', 'three'] as const) emulators[name].faults.push({ kind: 'garbage' });
    const response = await chat({ model: 'vote' });
    expect(response.headers.get('x-zeke-merge')).toBe('fallback');
    expect(await textOf(response)).toBe('Rome');
  });

  test('is asked for by a request, too, which no provider hears of', async () => {
    const omen = { strategy: 'parallel_merge', k: 2, providers: ['two', 'three'] };
    const response = await chat({ model: 'best', omen: { ...omen, merge: 'vote' } });
    expect(response.headers.get('x-zeke-merge')).toBe('vote');
    expect(emulators.one.requests).toHaveLength(0);
    expect(bodyOf('two')).toEqual({ model, messages });
  });
});

describe('a judge', () => {
  test('picks an answer; its call is on the ledger', async () => {
    const response = await chat({ model: 'best' });
    expect(response.headers.get('x-zeke-merge')).toBe('best');
    expect(response.headers.get('x-zeke-provider')).toBe('two');
    expect(response.headers.get('x-zeke-attempts')).toBe('4');
    const answer = await json(response);
    expect(answer.choices[0]?.message.content).toBe('Paris');
    expect(answer.usage).toMatchObject({ prompt_tokens: 12, completion_tokens: 28 });
    const ledger = await gateway.ledger();
    expect(ledger.at(-1)).toMatchObject({ provider: 'judge', operation: 'judge', attempt: 4 });
    expect(new Set(ledger.map((row) => row.request_id)).size).toBe(1);
    const { messages: asked } = bodyOf('judge');
    expect(JSON.parse(asked.at(-1).content).answers).toHaveLength(3);
  });

  test.each<[string, Partial<Reply> | Fault]>([
    ['says what is no verdict', { text: 'Number 2, without a doubt.' }],
    ['names an answer that is not there', { text: '{"best": 9}' }],
    ['was cut short', { text: '{"best": 2}', finish: 'length' }],
    ['refuses', { refusal: 'No.', finish: 'refusal' }],
    ['fails', { kind: 'status', status: 500 }],
    ['answers with a page', { kind: 'html', status: 200 }],
    ['breaks off', { kind: 'cut', afterRecords: 0 }],
    ['refuses the request', { kind: 'status', status: 400 }],
  ])('that %s is passed over', async (_, spoilt) => {
    if ('kind' in spoilt) emulators.judge.faults.push(spoilt);
    else replies.judge = spoilt;
    const response = await chat({ model: 'best' });
    expect(response.status).toBe(200);
    expect(response.headers.get('x-zeke-merge')).toBe('fallback');
    expect(await textOf(response)).toBe('Rome');
    const told = gateway.logged.filter(({ msg }) => String(msg).startsWith('answers were not'));
    expect(told).toHaveLength(1);
    expect(await rows()).toHaveLength(4);
  });

  test('that is silent for too long is passed over, and so are slow answers', async () => {
    emulators.judge.faults.push({ kind: 'silence' });
    emulators.one.faults.push({ kind: 'silence' });
    const response = await chat({ model: 'quick' });
    expect(response.headers.get('x-zeke-merge')).toBe('fallback');
    expect(await textOf(response)).toBe('Paris');
    expect(await rows()).toEqual(
      expect.arrayContaining(['one chat canceled', 'two chat ok', 'judge judge canceled']),
    );
  });

  test('of the configuration that is not there is passed over', async () => {
    const response = await chat({ model: 'orphan' });
    expect(response.headers.get('x-zeke-merge')).toBe('fallback');
    expect(await textOf(response)).toBe('Rome');
  });

  test('may be one of the request', async () => {
    const omen = { merge: 'synthesize', judge };
    replies.judge.text = 'Paris, I think.';
    const response = await chat({ model: 'vote', omen });
    expect(response.headers.get('x-zeke-merge')).toBe('synthesize');
    expect(response.headers.get('x-zeke-provider')).toBe('judge');
    expect(await textOf(response)).toBe('Paris, I think.');
  });

  test('that a key may not use is refused to a request, and not to an alias', async () => {
    const keys = gateway.gateway.keys;
    const { secret } = await keys.create({
      name: 'k',
      owner: 'ada',
      allowedModels: ['best', 'vote'],
    });
    const authorization = { authorization: `Bearer ${secret}` };
    const refused = await chat({ model: 'vote', omen: { merge: 'best', judge } }, authorization);
    expect(refused.status).toBe(403);
    expect((await json(refused)).error.param).toBe('omen.judge');
    const best = await chat({ model: 'best' }, authorization);
    expect(best.headers.get('x-zeke-merge')).toBe('best');
  });
});

describe('in the caller’s dialect', () => {
  const calls: [string, Dialect, string, (stream: boolean) => object][] = [
    [
      '/v1/chat/completions',
      openAiChatDialect,
      '',
      (stream) => ({
        model: 'whole',
        messages,
        stream,
        ...(stream ? { stream_options: { include_usage: true } } : {}),
      }),
    ],
    [
      '/v1/messages',
      anthropicMessagesDialect,
      '',
      (stream) => ({ model: 'whole', max_tokens: 99, messages, stream }),
    ],
    [
      '/v1/responses',
      openaiResponsesDialect,
      '',
      (stream) => ({ model: 'whole', input: 'Which city?', stream }),
    ],
    [
      '/v1beta/models/whole:generateContent',
      geminiDialect,
      '/v1beta/models/whole:streamGenerateContent?alt=sse',
      () => ({ contents: [{ role: 'user', parts: [{ text: 'Which city?' }] }] }),
    ],
    ['/api/chat', ollamaDialect, '', (stream) => ({ model: 'whole', messages, stream })],
  ];

  test.each(calls)('%s, whole and as a stream', async (path, dialect, streamPath, body) => {
    replies.judge.text = 'Rome or Paris: two say the latter.';
    const whole = await gateway.post(path, body(false));
    expect(whole.headers.get('x-zeke-merge')).toBe('synthesize');
    const told = dialect.decodeResponse(await whole.json());
    expect(gistOf(told)).toEqual({ text: 'Rome or Paris: two say the latter.', calls: [] });
    expect(told.usage).toMatchObject({ input: 12, output: 28 });
    const stream = await gateway.post(streamPath || path, body(true));
    expect(stream.headers.get('content-type')).toBe(dialect.contentType.stream);
    const streamed = collectResponse(eventsOf(dialect, await stream.bytes()));
    expect(gistOf(streamed)).toEqual(gistOf(told));
    expect(streamed.choices[0]?.finishReason).toBe('stop');
    expect(streamed.usage).toMatchObject({ input: 12, output: 28 });
  });

  test('Gemini’s stream as one JSON array', async () => {
    replies.judge.text = 'Paris';
    const [, , , body] = calls[3] ?? [];
    const stream = await gateway.post('/v1beta/models/whole:streamGenerateContent', body?.(true));
    expect(JSON.stringify(await stream.json())).toContain('Paris');
  });

  test.each([false, true])(
    'a response is kept here, where it can be followed on; stream: %p',
    async (stream) => {
      replies.judge.text = 'Paris';
      const first = await gateway.post('/v1/responses', {
        model: 'whole',
        input: 'Which city?',
        stream,
      });
      const id = /resp_\w+/.exec(await first.text())?.[0] ?? '';
      const kept = await json(await gateway.get(`/v1/responses/${id}`));
      expect(kept.output[0]?.content[0]?.text).toBe('Paris');
      const next = { model: 'whole', input: 'Why?', previous_response_id: id };
      expect((await gateway.post('/v1/responses', next)).status).toBe(200);
      expect(JSON.stringify(bodyOf('one', 1))).toContain('Which city?');
    },
  );
});

describe('is refused, and nobody asked', () => {
  const asked = () => names.reduce((sum, name) => sum + emulators[name].requests.length, 0);

  test.each<[object, string]>([
    [{ model: 'vote', n: 2 }, 'n'],
    [{ model: 'vote', omen: { merge: 'best' } }, 'omen.judge'],
    [{ model: 'vote', omen: { merge: 'synthesize', judge: 'vote' } }, 'omen.judge'],
    [{ model: 'vote', omen: { merge: 'best', judge: 'nobody/x' } }, 'omen.judge'],
    [{ model: 'vote', omen: { merge: 'best', judge: '' } }, 'omen.judge'],
    [{ model: 'vote', omen: { merge: 'mix' } }, 'omen.merge'],
    [{ model: 'vote', omen: { merge_wait_ms: -1 } }, 'omen.merge_wait_ms'],
    [{ model: 'vote', temperature: 'hot' }, 'temperature'],
  ])('%j', async (body, param) => {
    const response = await chat(body);
    expect(response.status).toBe(400);
    const { error } = await json(response);
    expect(error.param).toBe(param);
    expect(error.message).toContain(param);
    expect(asked()).toBe(0);
  });

  test.each([
    [
      '/v1beta/models/vote:generateContent',
      { contents: [{ parts: [{ text: 'x' }] }], generationConfig: { candidateCount: 2 } },
      'candidateCount',
    ],
    ['/v1/completions', { model: 'vote', prompt: 'x' }, 'only answers to chats'],
    ['/api/generate', { model: 'vote', prompt: 'x' }, 'only answers to chats'],
    ['/v1/responses', { model: 'vote', input: 'x', background: true }, 'background'],
  ])('at %s: %j', async (path, body, what) => {
    const response = await gateway.post(path, body);
    expect(response.status).toBe(400);
    expect(await response.text()).toContain(what);
    expect(asked()).toBe(0);
  });
});

test('what goes on with an answer that a provider keeps is refused', async () => {
  const first = await gateway.post('/v1/responses', { model: `one/${model}`, input: 'x' });
  const { id } = await json(first);
  const next = { model: 'twice', input: 'Why?', previous_response_id: id };
  const refused = await gateway.post('/v1/responses', next);
  expect(refused.status).toBe(400);
  const { error } = await json(refused);
  expect(error.param).toBe('previous_response_id');
  expect(error.message).toContain('one keeps the earlier answer');
});

test('explain says how answers would be merged, and refuses what a request would be refused', async () => {
  const explain = (body: object) => gateway.post('/omen/explain', body);
  const best = await explain({ model: 'best', omen: { max_latency_ms: 900 } });
  expect(await best.json()).toMatchObject({
    strategy: 'parallel_merge',
    at_once: 3,
    merge: { kind: 'best', judges: [judge], wait_ms: 900 },
  });
  const vote = await explain({ model: 'pair' });
  expect(await vote.json()).toMatchObject({ at_once: 2, merge: { kind: 'vote', judges: [] } });
  const refused = await explain({ model: 'vote', omen: { merge: 'best' } });
  expect((await json(refused)).error.param).toBe('omen.judge');
});
