import { expect, test } from 'bun:test';
import { startOpenAiEmulator } from '@zeke/emulators';
import { providerConfig, testGateway } from '../../testing/test-gateway.ts';

const messages = [{ role: 'user', content: 'hello there' }];

interface Explained {
  strategy: string;
  at_once: number;
  stagger_ms: number;
  weights: Record<string, number> | null;
  kept_for_session: string | null;
  candidates: {
    provider: string;
    asked: string;
    circuit: string;
    score: { total: number } | null;
  }[];
  left_out: { provider: string; model: string; why: string }[];
}

async function bench() {
  const emulator = startOpenAiEmulator({ apiKeys: ['k'] });
  const baseUrl = `${emulator.url}/v1`;
  const gateway = await testGateway({
    providers: [
      ...['one', 'two'].map((name) =>
        providerConfig({ name, type: 'openai', apiKey: 'k', baseUrl }),
      ),
      providerConfig({ name: 'here', type: 'compatible', apiKey: 'k', baseUrl }),
    ],
    settings: {
      aliases: new Map([
        ['fast', { strategy: 'race', candidates: ['one/gpt-4.1-mini', 'two/gpt-4.1-mini'] }],
        ['mixed', { strategy: 'race', candidates: ['one/gpt-4.1-mini', 'here/gpt-4.1-mini'] }],
        ['turns', { strategy: 'round_robin', candidates: ['one/gpt-4.1', 'two/gpt-4.1'] }],
      ]),
      privacy: {
        localOnly: false,
        localOnlyProjects: new Set(['payroll']),
        preferLocalFor: ['regex'],
      },
      circuit: { failures: 1, windowMs: 60_000, openMs: 60_000 },
    },
  });
  const explain = async (body: object) =>
    (await (await gateway.post('/omen/explain', body)).json()) as Explained;
  return {
    emulator,
    explain,
    gateway,
    [Symbol.asyncDispose]: async () => {
      await gateway[Symbol.asyncDispose]();
      await emulator.stop();
    },
  };
}

test('explain says who would be asked and when, and asks nobody', async () => {
  await using rig = await bench();
  const race = await rig.explain({ model: 'fast' });
  expect(race).toMatchObject({ strategy: 'race', at_once: 2, stagger_ms: 0 });
  expect(race.candidates.map(({ asked }) => asked)).toEqual(['at once', 'at once']);
  expect(race.candidates[0]?.score?.total).toBeGreaterThan(0);
  const omen = { strategy: 'speculate_k', intent: 'code' };
  const speculation = await rig.explain({ model: 'fast', omen });
  expect(speculation.candidates.map(({ asked }) => asked)).toEqual(['at once', 'after 150 ms']);
  for (let i = 0; i < 2; i++) {
    expect((await rig.explain({ model: 'turns' })).candidates[0]?.provider).toBe('one');
  }
  expect(rig.emulator.requests).toHaveLength(0);
  expect(await rig.gateway.ledger()).toHaveLength(0);
});

test('explain and scores know what has failed', async () => {
  await using rig = await bench();
  rig.emulator.faults.push({ kind: 'status', status: 500 });
  await rig.gateway.post('/v1/chat/completions', { model: 'one/gpt-4.1-mini', messages });
  const { candidates } = await rig.explain({ model: 'fast' });
  expect(candidates.find(({ provider }) => provider === 'one')).toMatchObject({
    asked: 'not now: it failed too often',
    circuit: 'open',
  });
  const scores = (await (await rig.gateway.get('/omen/providers/scores')).json()) as {
    data: { provider: string; score: { reliability: number; total: number } }[];
  };
  const [one, two] = ['one', 'two'].map((name) =>
    scores.data.find(({ provider }) => provider === name),
  );
  expect(one?.score.reliability).toBe(0);
  expect(two?.score.reliability).toBe(1);
  expect(one?.score.total).toBeLessThan(two?.score.total ?? 0);
  expect(scores.data).toContainEqual(
    expect.objectContaining({
      provider: 'one',
      model: 'gpt-4.1-mini',
      error_rate: 1,
      circuit: 'open',
    }),
  );
});

test('explain says what counts for how much', async () => {
  await using rig = await bench();
  const ofIntent = await rig.explain({ model: 'fast', omen: { intent: 'regex' } });
  expect(ofIntent.weights).toEqual({ cost: 0.2, latency: 0.6, quality: 0.1, reliability: 0.1 });
  const own = await rig.explain({ model: 'fast', omen: { priority_weights: { latency: 2 } } });
  expect(own.weights).toEqual({ cost: 0, latency: 2, quality: 0, reliability: 0 });
  expect((await rig.explain({ model: 'turns' })).weights).toBeNull();
});

test('explain says who is not asked, and why', async () => {
  await using rig = await bench();
  const why = async (omen: object) => (await rig.explain({ model: 'mixed', omen })).left_out;
  expect(await why({})).toEqual([]);
  expect(await why({ providers: ['here'] })).toEqual([
    { provider: 'one', model: 'gpt-4.1-mini', why: 'omen.providers does not name it' },
  ]);
  expect(await why({ privacy: 'local_only' })).toMatchObject([
    { provider: 'one', why: 'it is not local, and omen.privacy is local_only' },
  ]);
  expect(await why({ tags: { project: 'payroll' } })).toMatchObject([
    { provider: 'one', why: 'it is not local, and projects.payroll.privacy is local_only' },
  ]);
  expect(await why({ intent: 'regex' })).toMatchObject([
    { provider: 'one', why: 'it is not local, and routing.prefer_local_for has regex' },
  ]);
});

test('explain refuses what has to stay here and cannot, as the request is refused', async () => {
  await using rig = await bench();
  const body = { model: 'fast', messages, omen: { tags: { project: 'payroll' } } };
  for (const path of ['/omen/explain', '/v1/chat/completions']) {
    const refused = await rig.gateway.post(path, body);
    expect(refused.status).toBe(403);
    expect(await refused.text()).toContain('projects.payroll.privacy is local_only');
  }
  expect(rig.emulator.requests).toHaveLength(0);
});

test('explain knows who answered a session', async () => {
  await using rig = await bench();
  const omen = { stickiness: 'session', session_id: 's' };
  await rig.gateway.post('/v1/chat/completions', { model: 'turns', messages, omen });
  const next = await rig.gateway.post('/v1/chat/completions', { model: 'turns', messages });
  expect(next.headers.get('x-zeke-provider')).toBe('two');
  const explained = await rig.explain({ model: 'turns', omen });
  expect(explained.kept_for_session).toBe('one/gpt-4.1');
  expect(explained.candidates[0]?.provider).toBe('one');
  expect((await rig.explain({ model: 'turns' })).kept_for_session).toBeNull();
});

test('what is wrong with a request is told as for the request itself', async () => {
  await using rig = await bench();
  expect((await rig.gateway.post('/omen/explain', {})).status).toBe(400);
  expect((await rig.gateway.post('/omen/explain', { model: 'nope/x' })).status).toBe(404);
  const wrong = await rig.gateway.post('/omen/explain', { model: 'fast', omen: { k: 'two' } });
  expect(await wrong.json()).toMatchObject({ error: { param: 'omen.k' } });
});

test('providers are listed, and asked for their health one by one', async () => {
  await using rig = await bench();
  const listed = (await (await rig.gateway.get('/omen/providers')).json()) as { data: object[] };
  expect(listed.data).toContainEqual({
    name: 'one',
    type: 'openai',
    local: false,
    dialects: expect.arrayContaining(['openai-chat']),
    last_check: null,
  });
  const good = await rig.gateway.get('/omen/providers/one/health');
  expect(await good.json()).toMatchObject({ provider: 'one', status: 'healthy' });
  rig.emulator.faults.push({ kind: 'status', status: 500 });
  const bad = await rig.gateway.get('/omen/providers/two/health');
  expect(bad.status).toBe(503);
  expect(await bad.json()).toMatchObject({ provider: 'two', status: 'unhealthy' });
  const none = await rig.gateway.get('/omen/providers/three/health');
  expect(none.status).toBe(404);
  expect(await none.text()).toContain('there are one, two, here');
});
