import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import { type Emulator, startAnthropicEmulator, startOpenAiEmulator } from '@zeke/emulators';
import type { ModelAlias } from '../routing/model-catalog.ts';
import { providerConfig, type TestGateway, testGateway } from '../testing/test-gateway.ts';

const model = 'vectors';
const vectors = { model, input: 'x' };
const moderation = { model: 'flags', input: 'x' };
const counting = {
  model: 'claude/claude-sonnet-4-5',
  messages: [{ role: 'user', content: 'x' }],
};

describe('omen where the answer is no chat', () => {
  let one: Emulator;
  let two: Emulator;
  let claude: Emulator;
  let gateway: TestGateway;
  beforeAll(async () => {
    one = startOpenAiEmulator();
    two = startOpenAiEmulator();
    claude = startAnthropicEmulator();
    const provider = (name: string, url: string) =>
      providerConfig({ name, type: 'openai', apiKey: 'k', baseUrl: `${url}/v1` });
    const alias = (name: string, strategy: ModelAlias['strategy']): ModelAlias => ({
      strategy,
      candidates: [`one/${name}`, `two/${name}`],
    });
    gateway = await testGateway({
      providers: [
        provider('one', one.url),
        provider('two', two.url),
        providerConfig({ name: 'claude', type: 'anthropic', apiKey: 'k', baseUrl: claude.url }),
      ],
      settings: {
        prices: new Map([
          ['one/text-embedding-3-small', { input: 1_000, output: 0 }],
          ['two/text-embedding-3-small', { input: 1, output: 0 }],
        ]),
        aliases: new Map([
          [model, alias('text-embedding-3-small', 'fallback')],
          ['turns', alias('text-embedding-3-small', 'round_robin')],
          ['raced', alias('text-embedding-3-small', 'race')],
          ['flags', alias('omni-moderation-latest', 'fallback')],
        ]),
      },
    });
  });
  beforeEach(() => {
    for (const emulator of [one, two, claude]) emulator.requests.length = 0;
  });
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    for (const emulator of [one, two, claude]) await emulator.stop();
  });
  const asked = () => [one, two].map(({ requests }) => requests.length);
  const post = async (path: string, body: object, headers?: Record<string, string>) => {
    const response = await gateway.post(path, body, headers);
    return { status: response.status, headers: response.headers, text: await response.text() };
  };

  test('vectors go to the providers that are named, the cheapest first, and none hears of it', async () => {
    const named = await post('/v1/embeddings', { ...vectors, omen: { providers: ['two'] } });
    expect([named.status, named.headers.get('x-zeke-provider')]).toEqual([200, 'two']);
    const cheap = await post('/v1/embeddings', { ...vectors, omen: { strategy: 'least_cost' } });
    expect(cheap.headers.get('x-zeke-provider')).toBe('two');
    expect(cheap.headers.get('x-zeke-strategy')).toBe('least_cost');
    for (const { body } of two.requests)
      expect(new TextDecoder().decode(body)).not.toContain('omen');
    const header = await post('/v1/embeddings', vectors, { 'x-zeke-providers': 'two' });
    expect(header.headers.get('x-zeke-provider')).toBe('two');
    expect(asked()).toEqual([0, 3]);
  });

  test('the strategy of an alias holds for vectors; one that asks several at once ranks them', async () => {
    for (let i = 0; i < 4; i++) await post('/v1/embeddings', { ...vectors, model: 'turns' });
    expect(asked()).toEqual([2, 2]);
    const raced = await post('/v1/embeddings', { ...vectors, model: 'raced' });
    expect(raced.headers.get('x-zeke-strategy')).toBe('single');
  });

  test('a budget, a time and tags hold', async () => {
    const poor = await post('/v1/embeddings', { ...vectors, omen: { budget_usd: 0 } });
    expect(poor.status).toBe(402);
    expect(asked()).toEqual([0, 0]);
    one.faults.push({ kind: 'silence' });
    two.faults.push({ kind: 'silence' });
    const slow = await post('/v1/embeddings', { ...vectors, omen: { max_latency_ms: 20 } });
    expect(slow.status).toBe(504);
  });

  test.each<[string, object]>([
    ['/v1/embeddings', vectors],
    ['/v1/moderations', moderation],
    ['/providers/one/v1/moderations', { input: 'x' }],
    ['/v1/messages/count_tokens', counting],
  ])('%s refuses by name what it cannot honour', async (path, body) => {
    const refused: [string, unknown][] = [
      ['k', 2],
      ['strategy', 'race'],
      ['upgrade', true],
      ['merge', 'vote'],
      ['min_useful_tokens', 3],
      ['nonsense', 1],
      ['budget_usd', -1],
    ];
    for (const [field, value] of refused) {
      const { status, text } = await post(path, { ...body, omen: { [field]: value } });
      expect([status, field]).toEqual([400, field]);
      expect(text).toContain(`omen.${field}`);
    }
    const header = await post(path, body, { 'x-zeke-strategy': 'nonsense' });
    expect(header.status).toBe(400);
    expect(asked()).toEqual([0, 0]);
    expect(claude.requests).toHaveLength(0);
  });

  test('what is passed on goes where omen says, without it', async () => {
    const body = `{"input":"x", "omen": {"providers":["two"],"tags":{"a":"b"}} ,"model":"flags"}`;
    const response = await gateway.post('/v1/moderations', body);
    expect(response.headers.get('x-zeke-provider')).toBe('two');
    const sent = new TextDecoder().decode(two.requests[0]?.body);
    expect(sent).not.toContain('omen');
    expect(JSON.parse(sent)).toEqual({ input: 'x', model: 'omni-moderation-latest' });
  });

  test('where one provider is asked, there is nothing to choose', async () => {
    for (const omen of [{ providers: ['two'] }, { strategy: 'single' }, { intent: 'code' }]) {
      const { status, text } = await post('/providers/one/v1/moderations', { input: 'x', omen });
      expect(status).toBe(400);
      expect(text).toContain(`omen.${Object.keys(omen)[0]}`);
    }
    const tagged = await post('/providers/one/v1/moderations', {
      input: 'x',
      omen: { tags: { a: 'b' }, privacy: 'any' },
    });
    expect(tagged.status).toBe(200);
  });

  test('local only holds for vectors, counts and what is passed on', async () => {
    const omen = { privacy: 'local_only' };
    for (const [path, body] of [
      ['/v1/embeddings', vectors],
      ['/v1/moderations', moderation],
      ['/v1/messages/count_tokens', counting],
    ] as const) {
      const { status, text } = await post(path, { ...body, omen });
      expect(status).toBe(403);
      expect(text).toContain('omen.privacy is local_only');
    }
    expect(asked()).toEqual([0, 0]);
  });

  test('a body without the member passes byte for byte', async () => {
    const body = '{ "input" : "the word \\"omen\\" within",  "n": 12345678901234567890 }';
    await gateway.post('/providers/one/v1/moderations', body);
    expect(new TextDecoder().decode(one.requests[0]?.body)).toBe(body);
  });
});
