import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import {
  type Brain,
  type Emulator,
  startOllamaEmulator,
  startOpenAiEmulator,
} from '@zeke/emulators';
import type { ModelAlias } from '../routing/model-catalog.ts';
import { providerConfig, type TestGateway, testGateway } from '../testing/test-gateway.ts';

const messages = [{ role: 'user', content: 'hello there' }];
const usage = { input: 3, cachedInput: 0, output: 7, reasoning: 0 };
const saying =
  (text: string): Brain =>
  () => ({ text, finish: 'stop', usage });

interface Answer {
  choices: { message: { content: string } }[];
  content: { text: string }[];
  error: { message: string; param: string };
  id: string;
  output: { content: { text: string }[] }[];
}

const json = async (response: Response): Promise<Answer> => (await response.json()) as Answer;

const alias = (strategy: ModelAlias['strategy'], more: Partial<ModelAlias> = {}): ModelAlias => ({
  strategy,
  candidates: ['one/gpt-4.1-mini', 'two/gpt-4.1-mini'],
  ...more,
});

describe('strategies', () => {
  let one: Emulator;
  let two: Emulator;
  let gateway: TestGateway;

  beforeEach(async () => {
    one = startOpenAiEmulator({ apiKeys: ['k'], brain: saying('these are the words of one') });
    two = startOpenAiEmulator({ apiKeys: ['k'], brain: saying('these are the words of two') });
    gateway = await testGateway({
      providers: [one, two].map(({ url }, index) =>
        providerConfig({
          name: index === 0 ? 'one' : 'two',
          type: 'openai',
          apiKey: 'k',
          baseUrl: `${url}/v1`,
        }),
      ),
      settings: {
        aliases: new Map([
          ['race', alias('race')],
          ['speculate', alias('speculate_k', { delayMs: 5 })],
          ['patient', alias('speculate_k', { delayMs: 10_000 })],
          ['turns', alias('round_robin')],
          ['list', alias('fallback')],
        ]),
      },
    });
  });
  afterEach(async () => {
    await gateway[Symbol.asyncDispose]();
    await one.stop();
    await two.stop();
  });
  const chat = (body: object) => gateway.post('/v1/chat/completions', { messages, ...body });
  const textOf = async (response: Response) => (await json(response)).choices[0]?.message.content;
  const lastRows = async (count: number) =>
    (await gateway.ledger())
      .slice(-count)
      .map(({ outcome, provider }) => `${provider} ${outcome}`)
      .sort();

  test.each([false, true])(
    'a race is won by who answers; the other is cancelled; stream: %p',
    async (stream) => {
      one.faults.push({ kind: 'silence' });
      const response = await chat({ model: 'race', stream });
      const text = await response.text();
      expect(response.status).toBe(200);
      expect(text.replaceAll(/[^a-z ]/g, '')).toContain(
        stream ? 'two' : 'these are the words of two',
      );
      expect(response.headers.get('x-zeke-strategy')).toBe('race');
      expect(response.headers.get('x-zeke-provider')).toBe('two');
      expect(await lastRows(2)).toEqual(['one canceled', 'two ok']);
    },
  );

  test('a stream that stops before it is of use loses', async () => {
    one.faults.push({ kind: 'silence', afterRecords: 1 });
    const response = await chat({ model: 'race', stream: true });
    expect(await response.text()).toContain('[DONE]');
    expect(response.headers.get('x-zeke-provider')).toBe('two');
    expect(await lastRows(2)).toEqual(['one canceled', 'two ok']);
  });

  test.each([false, true])(
    'an answer without a word loses, unless there is no other; stream: %p',
    async (stream) => {
      await using silent = startOpenAiEmulator({ apiKeys: ['k'], brain: saying(' \n ') });
      await using slow = startOpenAiEmulator({ apiKeys: ['k'], brain: saying('here I am') });
      slow.faults.push({ kind: 'delay', ms: 30 }, { kind: 'status', status: 503 });
      await using race = await testGateway({
        providers: [silent, slow].map(({ url }, index) =>
          providerConfig({
            name: index === 0 ? 'one' : 'two',
            type: 'openai',
            apiKey: 'k',
            baseUrl: `${url}/v1`,
          }),
        ),
        settings: { aliases: new Map([['race', alias('race')]]) },
      });
      const ask = () => race.post('/v1/chat/completions', { model: 'race', messages, stream });
      const won = await ask();
      expect(won.headers.get('x-zeke-provider')).toBe('two');
      expect(await won.text()).toContain('here');
      const alone = await ask();
      expect(alone.status).toBe(200);
      expect(alone.headers.get('x-zeke-provider')).toBe('one');
    },
  );

  test('who fails is out of the race, and the last error is told when all do', async () => {
    one.faults.push({ kind: 'status', status: 503 });
    expect(await textOf(await chat({ model: 'race' }))).toContain('two');
    for (const { faults } of [one, two]) faults.push({ kind: 'status', status: 503 });
    const failed = await chat({ model: 'race' });
    expect(failed.status).toBe(503);
    expect(await lastRows(2)).toEqual(['one error', 'two error']);
  });

  test('what the caller did wrong is told as it is', async () => {
    const response = await chat({ model: 'race', temperature: 'hot' });
    expect(response.status).toBe(400);
    expect((await json(response)).error.param).toBe('temperature');
  });

  test('speculation asks nobody more where the first answers in time', async () => {
    expect(await textOf(await chat({ model: 'patient' }))).toContain('one');
    expect(two.requests).toHaveLength(0);
  });

  test('speculation asks the next where the first takes its time', async () => {
    one.faults.push({ kind: 'silence' });
    const response = await chat({ model: 'speculate', stream: true });
    await response.text();
    expect(response.headers.get('x-zeke-provider')).toBe('two');
    expect(await lastRows(2)).toEqual(['one canceled', 'two ok']);
  });

  test('a response that is kept is the winner’s', async () => {
    one.faults.push({ kind: 'silence' });
    const answer = await gateway.post('/v1/responses', { model: 'race', input: 'hello there' });
    const { id, output } = await json(answer);
    expect(output[0]?.content[0]?.text).toContain('two');
    const kept = await gateway.get(`/v1/responses/${id}`);
    expect((await json(kept)).output).toEqual(output);
  });

  test('turns go round', async () => {
    const providers: (string | null)[] = [];
    for (let i = 0; i < 4; i++) {
      providers.push((await chat({ model: 'turns' })).headers.get('x-zeke-provider'));
    }
    expect(providers).toEqual(['one', 'two', 'one', 'two']);
  });

  test.each(['omen', 'headers'])(
    'a request says how it is asked, by %s, and no provider hears of it',
    async (by) => {
      const omen = { strategy: 'race', providers: ['two'], min_useful_tokens: 1 };
      const headers = { 'x-zeke-strategy': 'race', 'x-zeke-providers': 'two, three' };
      const response = await gateway.post(
        '/v1/chat/completions',
        { model: 'list', messages, ...(by === 'omen' ? { omen } : {}) },
        by === 'omen' ? {} : headers,
      );
      expect(response.headers.get('x-zeke-provider')).toBe('two');
      expect(response.headers.get('x-zeke-strategy')).toBe('race');
      expect(one.requests).toHaveLength(0);
      const body = JSON.parse(new TextDecoder().decode(two.requests[0]?.body));
      expect(body).toEqual({ model: 'gpt-4.1-mini', messages });
    },
  );

  test('the same in another dialect', async () => {
    const response = await gateway.post('/v1/messages', {
      model: 'list',
      max_tokens: 50,
      messages,
      omen: { providers: ['two/gpt-4.1-mini'] },
    });
    expect((await json(response)).content[0]?.text).toContain('two');
    expect(new TextDecoder().decode(two.requests[0]?.body)).not.toContain('omen');
  });

  test.each<[unknown, string]>([
    [{ strategy: 'rase' }, 'omen.strategy'],
    [{ k: 0 }, 'omen.k'],
    [{ kk: 1 }, 'omen.kk'],
    [{ priority_weights: { cost: -1 } }, 'omen.priority_weights.cost'],
    [{ priority_weights: { speed: 1 } }, 'omen.priority_weights.speed'],
    [{ priority_weights: {} }, 'omen.priority_weights'],
    [{ max_latency_ms: Number.NaN }, 'omen.max_latency_ms'],
    [{ stickiness: 'session' }, 'omen.session_id'],
    [{ providers: ['three'] }, 'omen.providers'],
    ['race', 'omen'],
    [null, 'omen'],
  ])('%j is refused with its field', async (omen, field) => {
    const response = await chat({ model: 'list', omen });
    expect(response.status).toBe(400);
    const { error } = await json(response);
    expect(error.param).toBe(field);
    expect(error.message).toContain(field);
    expect(one.requests.length + two.requests.length).toBe(0);
  });

  test('a header that is wrong is named as the header', async () => {
    const response = await gateway.post(
      '/v1/chat/completions',
      { model: 'list', messages },
      { 'x-zeke-strategy': 'fastest' },
    );
    expect((await json(response)).error.param).toBe('x-zeke-strategy');
  });

  test('a session keeps who answered first', async () => {
    const omen = { strategy: 'round_robin', stickiness: 'session', session_id: 's1' };
    const providers = new Set<string | null>();
    for (let i = 0; i < 3; i++) {
      providers.add((await chat({ model: 'list', omen })).headers.get('x-zeke-provider'));
    }
    expect(providers.size).toBe(1);
  });

  test('a turn keeps who answered until the user says something new', async () => {
    const omen = { strategy: 'round_robin', stickiness: 'turn', session_id: 's1' };
    const ask = async (...said: object[]) => {
      const response = await chat({ model: 'list', messages: said, omen });
      return response.headers.get('x-zeke-provider');
    };
    const [hello] = messages as [object];
    const call = { id: 'c1', type: 'function', function: { name: 'look', arguments: '{}' } };
    const loop = [
      { role: 'assistant', tool_calls: [call] },
      { role: 'tool', tool_call_id: 'c1', content: 'seen' },
    ];
    expect(await ask(hello)).toBe('one');
    expect(await ask(hello, ...loop)).toBe('one');
    expect(await ask(hello, ...loop, { role: 'user', content: 'and now?' })).toBe('one');
    expect(await ask({ role: 'user', content: 'something else' })).toBe('two');
  });

  test('max_latency_ms is the longest wait for an answer', async () => {
    one.faults.push({ kind: 'silence' });
    const response = await chat({
      model: 'list',
      omen: { strategy: 'fallback', max_latency_ms: 30 },
    });
    expect(response.headers.get('x-zeke-provider')).toBe('two');
    expect(await lastRows(2)).toEqual(['one error', 'two ok']);
  });
});

test('a model that fails too often rests, and others answer for it', async () => {
  await using one = startOpenAiEmulator({ apiKeys: ['k'] });
  await using two = startOpenAiEmulator({ apiKeys: ['k'] });
  await using gateway = await testGateway({
    providers: [
      providerConfig({ name: 'one', type: 'openai', apiKey: 'k', baseUrl: `${one.url}/v1` }),
      providerConfig({ name: 'two', type: 'openai', apiKey: 'k', baseUrl: `${two.url}/v1` }),
    ],
    settings: {
      aliases: new Map([['list', alias('fallback')]]),
      circuit: { failures: 2, windowMs: 60_000, openMs: 60_000 },
    },
  });
  const ask = (model: string) => gateway.post('/v1/chat/completions', { model, messages });
  for (let i = 0; i < 2; i++) {
    one.faults.push({ kind: 'status', status: 500 });
    expect((await ask('one/gpt-4.1-mini')).status).toBe(500);
  }
  const refused = await ask('one/gpt-4.1-mini');
  expect(refused.status).toBe(503);
  expect((await json(refused)).error.message).toContain('failed too often');
  expect(one.requests).toHaveLength(2);
  expect((await ask('list')).headers.get('x-zeke-provider')).toBe('two');
  expect((await ask('one/gpt-4.1')).status).toBe(200);
});

describe('privacy', () => {
  const rig = async (localOnly: boolean) => {
    const emulator = startOpenAiEmulator({ apiKeys: ['k'] });
    const ollama = startOllamaEmulator({});
    const gateway = await testGateway({
      providers: [
        providerConfig({
          name: 'away',
          type: 'openai',
          apiKey: 'k',
          baseUrl: `${emulator.url}/v1`,
        }),
        providerConfig({ name: 'here', type: 'ollama', baseUrl: ollama.url }),
      ],
      settings: {
        aliases: new Map([
          ['list', { strategy: 'fallback', candidates: ['away/gpt-4.1-mini', 'here/llama3.2'] }],
        ]),
        privacy: { localOnly, localOnlyProjects: new Set(), preferLocalFor: ['regex'] },
      },
    });
    return {
      emulator,
      gateway,
      chat: (body: object) => gateway.post('/v1/chat/completions', { messages, ...body }),
      [Symbol.asyncDispose]: async () => {
        await gateway[Symbol.asyncDispose]();
        await emulator.stop();
        await ollama.stop();
      },
    };
  };

  test('local_only asks nobody elsewhere, whatever a request names', async () => {
    await using at = await rig(true);
    const listed = await at.chat({ model: 'list' });
    expect(listed.headers.get('x-zeke-provider')).toBe('here');
    const named = await at.chat({ model: 'away/gpt-4.1-mini' });
    expect(named.status).toBe(403);
    expect((await json(named)).error.message).toContain('away is not local');
    const raw = await at.gateway.post('/providers/away/moderations', { input: 'x' });
    expect(raw.status).toBe(403);
    const embedded = await at.gateway.post('/v1/embeddings', {
      model: 'away/text-embedding-3-small',
      input: 'x',
    });
    expect(embedded.status).toBe(403);
    expect(at.emulator.requests).toHaveLength(0);
  });

  test('a request may ask for it', async () => {
    await using at = await rig(false);
    const omen = { privacy: 'local_only' };
    expect((await at.chat({ model: 'list', omen })).headers.get('x-zeke-provider')).toBe('here');
    expect((await at.chat({ model: 'away/gpt-4.1-mini', omen })).status).toBe(403);
    expect(at.emulator.requests).toHaveLength(0);
    expect((await at.chat({ model: 'list' })).headers.get('x-zeke-provider')).toBe('away');
  });

  test('intents that are preferred here stay here', async () => {
    await using at = await rig(false);
    const of = async (intent: string) =>
      (await at.chat({ model: 'list', omen: { intent } })).headers.get('x-zeke-provider');
    expect(await of('regex')).toBe('here');
    expect(await of('analysis')).toBe('away');
  });
});
