import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { type Emulator, startOpenAiEmulator } from '@zeke/emulators';
import type { ModelAlias } from '../routing/model-catalog.ts';
import { providerConfig, type TestGateway, testGateway } from '../testing/test-gateway.ts';

const turns = (more: Partial<ModelAlias>): ModelAlias => ({
  strategy: 'round_robin',
  candidates: ['one/gpt-4.1-mini', 'two/gpt-4.1-mini'],
  ...more,
});
const byIdOrWords = { sessionBy: ['id', 'conversation'] } as const;

describe('sessions that an alias keeps', () => {
  let emulators: Emulator[];
  let gateway: TestGateway;

  beforeEach(async () => {
    emulators = [1, 2].map(() => startOpenAiEmulator({ apiKeys: ['k'] }));
    gateway = await testGateway({
      providers: emulators.map(({ url }, index) =>
        providerConfig({
          name: index === 0 ? 'one' : 'two',
          type: 'openai',
          apiKey: 'k',
          baseUrl: `${url}/v1`,
        }),
      ),
      settings: {
        aliases: new Map([
          ['sticky', turns({ stickiness: 'session', ...byIdOrWords })],
          ['other', turns({ stickiness: 'session', ...byIdOrWords })],
          ['by-turn', turns({ stickiness: 'turn', sessionBy: ['key'] })],
          ['by-user', turns({ stickiness: 'session', sessionBy: ['header:x-chat', 'user'] })],
          ['list', turns({ strategy: 'fallback', stickiness: 'session', ...byIdOrWords })],
        ]),
      },
    });
  });

  afterEach(async () => {
    await gateway[Symbol.asyncDispose]();
    for (const emulator of emulators) await emulator.stop();
  });

  const said = (...texts: string[]) =>
    texts.map((content, index) => ({ role: index % 2 === 0 ? 'user' : 'assistant', content }));

  /** Who answered. */
  async function ask(
    model: string,
    messages: object[],
    more: object = {},
    headers: Record<string, string> = {},
  ): Promise<string | null> {
    const body = { model, messages, ...more };
    const response = await gateway.post('/v1/chat/completions', body, headers);
    expect(response.status).toBe(200);
    return response.headers.get('x-zeke-provider');
  }

  test('a conversation stays with who answered it, another goes to whose turn it is', async () => {
    expect(await ask('sticky', said('hello'))).toBe('one');
    expect(await ask('sticky', said('hello', 'hi', 'and now?'))).toBe('one');
    expect(await ask('sticky', said('something else'))).toBe('one');
    expect(await ask('sticky', said('a third thing'))).toBe('two');
    expect(await ask('sticky', said('a third thing', 'yes', 'go on'))).toBe('two');
    expect(await ask('sticky', said('hello', 'hi', 'and now?', 'so', 'on'))).toBe('one');
  });

  test('in every dialect, and whatever is marked to be cached', async () => {
    const anthropic = async (messages: object[]) => {
      const body = { model: 'sticky', max_tokens: 9, system: 'be kind', messages };
      const response = await gateway.post('/v1/messages', body);
      return response.headers.get('x-zeke-provider');
    };
    const part = (text: string, more: object = {}) => ({ type: 'text', text, ...more });
    const marked = { cache_control: { type: 'ephemeral' } };
    const first = await anthropic([{ role: 'user', content: [part('hello', marked)] }]);
    await ask('sticky', said('one turn on'));
    const longer = [
      { role: 'user', content: [part('hello')] },
      { role: 'assistant', content: [part('hi')] },
      { role: 'user', content: [part('go on', marked)] },
    ];
    expect(await anthropic(longer)).toBe(first);
  });

  test.each([
    ['omen.session_id', { omen: { session_id: 's' } }, {}],
    ['x-session-id', {}, { 'x-session-id': 's' }],
    ['prompt_cache_key', { prompt_cache_key: 's' }, {}],
  ])('%s tells sessions apart before their words do', async (_, more, headers) => {
    expect(await ask('sticky', said('hello'), more, headers)).toBe('one');
    expect(await ask('sticky', said('something else'), more, headers)).toBe('one');
    expect(await ask('sticky', said('something else'))).toBe('one');
    expect(await ask('sticky', said('and else'))).toBe('two');
  });

  test('of a header or a user, where the alias says so; who has neither has no session', async () => {
    const chat = { 'x-chat': 'c1' };
    expect(await ask('by-user', said('a'), {}, chat)).toBe('one');
    expect(await ask('by-user', said('b'), { user: 'ada' }, chat)).toBe('one');
    expect(await ask('by-user', said('c'), { user: 'ada' })).toBe('one');
    expect(await ask('by-user', said('d'), { user: 'bob' })).toBe('two');
    expect(await ask('by-user', said('e'), { safety_identifier: 'bob' })).toBe('two');
    expect([await ask('by-user', said('f')), await ask('by-user', said('f'))].sort()).toEqual([
      'one',
      'two',
    ]);
  });

  test('a turn lasts until the user says something new', async () => {
    const call = { id: 'c1', type: 'function', function: { name: 'look', arguments: '{}' } };
    const loop = [
      { role: 'assistant', tool_calls: [call] },
      { role: 'tool', tool_call_id: 'c1', content: 'seen' },
    ];
    expect(await ask('by-turn', said('hello'))).toBe('one');
    expect(await ask('by-turn', [...said('hello'), ...loop])).toBe('one');
    expect(await ask('by-turn', said('hello', 'hi', 'what next?'))).toBe('one');
    expect(await ask('by-turn', said('quite new'))).toBe('two');
  });

  test('a request may want none, and two aliases share none', async () => {
    const none = { omen: { stickiness: 'none' } };
    const loose = [await ask('sticky', said('x'), none), await ask('sticky', said('x'), none)];
    expect(loose).toEqual(['one', 'two']);
    expect(await ask('sticky', said('hello'))).toBe('one');
    expect(await ask('other', said('away'))).toBe('one');
    expect(await ask('other', said('hello'))).toBe('two');
  });

  test('who took over goes on, also down a list that is fallen back on', async () => {
    emulators[0]?.faults.push({ kind: 'status', status: 500 });
    expect(await ask('list', said('hello'))).toBe('two');
    expect(await ask('list', said('hello', 'hi', 'again'))).toBe('two');
    expect(await ask('list', said('something else'))).toBe('one');
  });

  test('explain tells for how long, and who is kept', async () => {
    const explain = async (more: object) => {
      const body = { model: 'sticky', ...more };
      const response = await gateway.post('/omen/explain', body, { 'x-session-id': 's' });
      return response.json();
    };
    expect(await explain({})).toMatchObject({ stickiness: 'session', kept_for_session: null });
    await ask('sticky', said('hello'), {}, { 'x-session-id': 's' });
    expect(await explain({})).toMatchObject({ kept_for_session: 'one/gpt-4.1-mini' });
    expect(await explain({ omen: { stickiness: 'none' } })).toMatchObject({
      stickiness: 'none',
      kept_for_session: null,
    });
  });
});
