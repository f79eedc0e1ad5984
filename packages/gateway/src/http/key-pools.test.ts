import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { type Emulator, startOpenAiEmulator } from '@zeke/emulators';
import { Secret } from '@zeke/foundation';
import { providerConfig, type TestGateway, testGateway } from '../testing/test-gateway.ts';

const messages = [{ role: 'user', content: 'hello there' }];
const model = 'openai/gpt-4.1-mini';
const secretOf = { a: 'sk-secret-of-key-a', b: 'sk-secret-of-key-b', c: 'sk-secret-of-key-c' };

type Label = keyof typeof secretOf;

interface Key {
  key: string;
  status: string;
  fingerprint: string;
  rests?: { model: string; until: string }[];
}

function pool(url: string, labels: readonly Label[], weights: Partial<Record<Label, number>> = {}) {
  return providerConfig({
    name: 'openai',
    type: 'openai',
    baseUrl: `${url}/v1`,
    apiKeys: labels.map((label) => ({
      label,
      key: new Secret(secretOf[label]),
      weight: weights[label] ?? 1,
    })),
  });
}

describe('a provider with several keys', () => {
  let now: number;
  let accepted: string[];
  let openai: Emulator;
  let gateway: TestGateway;

  beforeEach(() => {
    now = Date.parse('2026-11-22T12:00:00Z');
    accepted = Object.values(secretOf);
    openai = startOpenAiEmulator({ apiKeys: accepted });
  });
  afterEach(async () => {
    await gateway[Symbol.asyncDispose]();
    await openai.stop();
  });
  const begin = async (
    labels: readonly Label[],
    weights?: Partial<Record<Label, number>>,
    settings: object = {},
  ) => {
    gateway = await testGateway({
      providers: [pool(openai.url, labels, weights)],
      now: () => now,
      settings,
    });
  };
  const chat = (body: object = {}) =>
    gateway.post('/v1/chat/completions', { model, messages, ...body });
  const ok = async (body?: object) => {
    const response = await chat(body);
    const text = await response.text();
    expect(`${response.status} ${text}`).toStartWith('200 ');
    return response;
  };
  /** The keys that the provider saw, by their labels. */
  const seen = () =>
    openai.requests
      .filter(({ method }) => method === 'POST')
      .map(({ headers }) => headers.authorization?.slice('Bearer sk-secret-of-key-'.length));
  const health = async () => {
    const response = await gateway.get('/omen/providers/openai/health');
    return { status: response.status, body: (await response.json()) as { keys: Key[] } };
  };
  const scores = async () => {
    const answer = await (await gateway.get('/omen/providers/scores')).json();
    return (answer as { data: { keys: Key[] }[] }).data;
  };
  const drop = (label: Label) => accepted.splice(accepted.indexOf(secretOf[label]), 1);

  test('asks with one after the other', async () => {
    await begin(['a', 'b', 'c']);
    for (let i = 0; i < 6; i++) await ok();
    expect(seen()).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
  });

  test('asks with each by its share', async () => {
    await begin(['a', 'b'], { a: 3 });
    for (let i = 0; i < 12; i++) await ok();
    const asked = seen();
    expect(asked.filter((key) => key === 'a')).toHaveLength(9);
    expect(asked.slice(0, 4).filter((key) => key === 'b')).toHaveLength(1);
  });

  test('takes the key with the least under way', async () => {
    await begin(['a', 'b']);
    openai.faults.push({ kind: 'silence', afterRecords: 4 });
    const open = await chat({ stream: true });
    await ok();
    await ok();
    await ok();
    expect(seen()).toEqual(['a', 'b', 'b', 'b']);
    await open.body?.cancel();
  });

  test.each([false, true])(
    'a 429 rests a key and the next one answers; stream: %p',
    async (stream) => {
      await begin(['a', 'b']);
      openai.faults.push({ kind: 'status', status: 429, retryAfterSeconds: 20 });
      const response = await ok({ stream });
      expect(response.headers.get('x-zeke-attempts')).toBe('2');
      await ok();
      expect(seen()).toEqual(['a', 'b', 'b']);
      const [a, b] = (await scores())[0]?.keys ?? [];
      expect(a).toMatchObject({ key: 'a', status: 'resting' });
      expect(a?.rests).toEqual([{ model: 'gpt-4.1-mini', until: '2026-11-22T12:00:20.000Z' }]);
      expect(b).toMatchObject({ key: 'b', status: 'ready' });
      now += 20_000;
      for (let i = 0; i < 3; i++) await ok();
      expect(new Set(seen().slice(3))).toEqual(new Set(['a', 'b']));
      const rows = await gateway.ledger();
      expect(rows.slice(0, 2).map(({ attempt, outcome }) => [attempt, outcome])).toEqual([
        [1, 'error'],
        [2, 'ok'],
      ]);
    },
  );

  test('without retry-after the rest doubles, and ends with a good answer', async () => {
    await begin(['a']);
    for (const seconds of [1, 2, 4]) {
      openai.faults.push({ kind: 'status', status: 429 });
      expect((await chat()).status).toBe(429);
      const refused = await chat();
      expect(refused.status).toBe(429);
      expect(refused.headers.get('retry-after')).toBe(String(seconds));
      now += seconds * 1_000;
    }
    expect(openai.requests).toHaveLength(3);
    await ok();
    openai.faults.push({ kind: 'status', status: 429 });
    await chat();
    expect((await chat()).headers.get('retry-after')).toBe('1');
  });

  test('a key rests for the model that was refused alone', async () => {
    await begin(['a']);
    openai.faults.push({ kind: 'status', status: 429, retryAfterSeconds: 60 });
    await chat();
    await ok({ model: 'openai/gpt-4.1' });
    expect((await chat()).status).toBe(429);
  });

  test('a refused key is set aside, told loudly, and tried again when it is known again', async () => {
    await begin(['a', 'b']);
    drop('a');
    await ok();
    await ok();
    await ok();
    expect(seen()).toEqual(['a', 'b', 'b', 'b']);
    const line = gateway.logged.find(({ msg }) => String(msg).includes('set aside'));
    expect(line).toMatchObject({ level: 'error', provider: 'openai', account: 'a' });
    const metrics = await (await gateway.get('/metrics')).text();
    expect(metrics).toContain('gateway_provider_key_refused{provider="openai",account="a"} 1');
    const before = await health();
    expect(before.status).toBe(200);
    expect(before.body.keys.map(({ status }) => status)).toEqual(['refused', 'ready']);
    accepted.push(secretOf.a);
    const after = await health();
    expect(after.body.keys.map(({ status }) => status)).toEqual(['ready', 'ready']);
    for (let i = 0; i < 3; i++) await ok();
    expect(new Set(seen().slice(4))).toEqual(new Set(['a', 'b']));
  });

  test('with all keys refused one is asked, and the answer names the configuration', async () => {
    await begin(['a', 'b']);
    drop('a');
    drop('b');
    const first = await chat();
    expect(first.status).toBe(502);
    expect(await first.text()).toContain('check providers.openai.api_keys.');
    expect(seen()).toEqual(['a', 'b']);
    expect((await chat()).status).toBe(502);
    expect(seen()).toHaveLength(3);
    expect((await health()).status).toBe(503);
    accepted.push(secretOf.a);
    await ok();
  });

  test('what another key cannot mend is told at once', async () => {
    await begin(['a', 'b']);
    openai.faults.push({ kind: 'status', status: 503 }, { kind: 'status', status: 400 });
    expect((await chat()).status).toBe(503);
    expect((await chat()).status).toBe(400);
    expect(seen()).toEqual(['a', 'b']);
  });

  test('each has circuit breakers of its own', async () => {
    const circuit = { failures: 1, windowMs: 60_000, openMs: 30_000 };
    await begin(['a', 'b'], {}, { circuit });
    openai.faults.push({ kind: 'status', status: 500 });
    expect((await chat()).status).toBe(500);
    await ok();
    await ok();
    expect(seen()).toEqual(['a', 'b', 'b']);
    openai.faults.push({ kind: 'status', status: 500 });
    await chat();
    const rests = await chat();
    expect(rests.status).toBe(503);
    expect(await rests.text()).toContain('circuit_open');
    expect(Number(rests.headers.get('retry-after'))).toBeWithin(1, 31);
  });

  test('one session stays with one key', async () => {
    await begin(['a', 'b', 'c']);
    const omen = (id: string) => ({ omen: { stickiness: 'session', session_id: id } });
    const keys = new Set<string | undefined>();
    for (const id of ['1', '2', '3', '4', '5', '6', '7', '8']) {
      openai.requests.length = 0;
      for (let i = 0; i < 3; i++) await ok(omen(id));
      expect(new Set(seen()).size).toBe(1);
      keys.add(seen()[0]);
    }
    expect(keys.size).toBeGreaterThan(1);
  });

  test('vectors and raw endpoints use all keys, what a provider keeps is asked of the first', async () => {
    await begin(['b', 'a']);
    openai.faults.push({ kind: 'status', status: 429 }, { kind: 'status', status: 429 });
    const vectors = { model: 'openai/text-embedding-3-small', input: 'x' };
    expect((await gateway.post('/v1/embeddings', vectors)).status).toBe(429);
    expect((await gateway.post('/v1/moderations', { input: 'x' })).status).toBe(200);
    openai.faults.push({ kind: 'status', status: 429 });
    expect((await gateway.post('/v1/moderations', { input: 'x' })).status).toBe(200);
    openai.requests.length = 0;
    for (let i = 0; i < 3; i++) await gateway.get('/v1/files');
    const asked = openai.requests.map(({ headers }) => headers.authorization);
    expect(asked).toEqual(Array(3).fill(`Bearer ${secretOf.b}`));
  });

  test('a stored answer is asked for with the key that made it', async () => {
    await begin(['a', 'b']);
    await ok();
    const made = await gateway.post('/v1/responses', { model, input: 'hello' });
    const { id } = (await made.json()) as { id: string };
    expect(seen()).toEqual(['a', 'b']);
    openai.requests.length = 0;
    await gateway.get(`/v1/responses/${id}`);
    await gateway.post('/v1/responses', { model, input: 'more', previous_response_id: id });
    await gateway.post('/v1/responses', { model, input: 'more', previous_response_id: id });
    const asked = openai.requests.map(({ headers }) => headers.authorization);
    expect(asked).toEqual(Array(3).fill(`Bearer ${secretOf.b}`));
  });

  test('a replaced key is another: it is neither refused nor rests', async () => {
    await begin(['a', 'b']);
    drop('a');
    await ok();
    const { createProvider } = await import('../providers/index.ts');
    const config = pool(openai.url, ['b', 'c']);
    const provider = createProvider(config, {
      fetch,
      now: Date.now,
      environment: () => undefined,
      readFile: async () => undefined,
    });
    gateway.configure({ providers: [{ provider, priority: 100 }] });
    openai.requests.length = 0;
    await ok();
    await ok();
    expect(seen().sort()).toEqual(['b', 'c']);
  });

  test('no output holds a key', async () => {
    await begin(['a', 'b']);
    drop('a');
    openai.faults.push({ kind: 'status', status: 429, message: `slow down, ${secretOf.a}` });
    const answers = [
      await (await chat()).text(),
      JSON.stringify(await health()),
      JSON.stringify(await scores()),
      await (await gateway.get('/omen/providers')).text(),
      await (await gateway.get('/metrics')).text(),
      JSON.stringify(gateway.logged),
      JSON.stringify(await gateway.ledger()),
    ].join('\n');
    for (const secret of Object.values(secretOf)) expect(answers).not.toContain(secret);
    expect((await health()).body.keys[0]?.fingerprint).toMatch(/^[0-9a-f]{8}$/);
  });
});
