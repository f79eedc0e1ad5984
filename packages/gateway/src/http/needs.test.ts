import { expect, test } from 'bun:test';
import { openAiModels, startOpenAiEmulator } from '@zeke/emulators';
import { providerConfig, testGateway } from '../testing/test-gateway.ts';

const pixel =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const picture = [
  {
    role: 'user',
    content: [
      { type: 'text', text: 'What is it?' },
      { type: 'image_url', image_url: { url: pixel } },
    ],
  },
];
const words = [{ role: 'user', content: 'hello there' }];

async function rig() {
  const emulator = startOpenAiEmulator({
    apiKeys: ['k'],
    models: [...openAiModels, { id: 'gpt-3.5-turbo', kind: 'chat' }],
  });
  const base = { type: 'openai', apiKey: 'k', baseUrl: `${emulator.url}/v1` } as const;
  const gateway = await testGateway({
    providers: [
      providerConfig({ ...base, name: 'blind', models: ['gpt-3.5-turbo'] }),
      providerConfig({ ...base, name: 'seeing', models: ['gpt-4.1-mini', 'gpt-4.1'] }),
    ],
    settings: {
      aliases: new Map([
        ['any', { strategy: 'round_robin', candidates: ['blind/gpt-3.5-turbo', 'seeing/gpt-4.1'] }],
        ['listed', { strategy: 'fallback', candidates: ['blind/gpt-3.5-turbo', 'seeing/gpt-4.1'] }],
        ['raced', { strategy: 'race', candidates: ['blind/gpt-3.5-turbo', 'seeing/gpt-4.1'] }],
      ]),
    },
  });
  const answeredBy = async (model: string, messages: object[], more: object = {}) => {
    const response = await gateway.post('/v1/chat/completions', { model, messages, ...more });
    await response.text();
    return response.headers.get('x-zeke-provider');
  };
  return {
    answeredBy,
    gateway,
    [Symbol.asyncDispose]: async () => {
      await gateway[Symbol.asyncDispose]();
      await emulator.stop();
    },
  };
}

test('a picture goes to who sees, whose turn it may be', async () => {
  await using it = await rig();
  const turns = [await it.answeredBy('any', words), await it.answeredBy('any', words)];
  expect(turns.sort()).toEqual(['blind', 'seeing']);
  for (let turn = 0; turn < 2; turn++) expect(await it.answeredBy('any', picture)).toBe('seeing');
});

test('a schema goes to who follows schemas', async () => {
  await using it = await rig();
  const schema = { type: 'object', properties: {}, additionalProperties: false };
  const format = { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema } };
  for (let turn = 0; turn < 2; turn++) {
    expect(await it.answeredBy('any', words, { response_format: format })).toBe('seeing');
  }
});

test('who lacks something takes no part in a race with others, and explain says why', async () => {
  await using it = await rig();
  const explained = async (messages: object[]) => {
    const response = await it.gateway.post('/omen/explain', { model: 'raced', messages });
    const { at_once: atOnce, candidates } = (await response.json()) as {
      at_once: number;
      candidates: { provider: string; lacks: string | null }[];
    };
    return { atOnce, lacks: Object.fromEntries(candidates.map((c) => [c.provider, c.lacks])) };
  };
  expect(await explained(words)).toEqual({ atOnce: 2, lacks: { blind: null, seeing: null } });
  expect(await explained(picture)).toEqual({
    atOnce: 1,
    lacks: { seeing: null, blind: 'vision' },
  });
});

test('an order that is written down is kept', async () => {
  await using it = await rig();
  expect(await it.answeredBy('listed', words)).toBe('blind');
});

test('auto chooses among the models that the configuration names: the cheaper to explain, the dearer to analyse', async () => {
  await using it = await rig();
  const asked = async (intent: string) => {
    const response = await it.gateway.post('/omen/explain', {
      model: 'auto',
      messages: words,
      omen: { intent, providers: ['seeing'] },
    });
    const { candidates } = (await response.json()) as { candidates: { model: string }[] };
    return candidates.map(({ model }) => model);
  };
  expect(await asked('explanation')).toEqual(['gpt-4.1-mini', 'gpt-4.1']);
  expect(await asked('analysis')).toEqual(['gpt-4.1', 'gpt-4.1-mini']);
});
