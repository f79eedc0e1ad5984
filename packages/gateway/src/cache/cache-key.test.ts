import { describe, expect, test } from 'bun:test';
import { dialects } from '../dialects/index.ts';
import type { DialectName } from '../neutral/dialect-name.ts';
import { createProvider } from '../providers/index.ts';
import { readRouting } from '../routing/routing-request.ts';
import { providerConfig } from '../testing/test-gateway.ts';
import { cacheKey, type KeyedRequest, type KeyRules } from './cache-key.ts';

const provider = createProvider(providerConfig({ name: 'o', type: 'openai', apiKey: 'k' }), {
  fetch,
  now: Date.now,
  environment: () => undefined,
  readFile: async () => undefined,
});
const rules: KeyRules = { scope: 'key', maxTemperature: 0 };
const chat = { model: 'm', messages: [{ role: 'user', content: 'hi' }], temperature: 0 };

type More = Omit<Partial<KeyedRequest>, 'call'> & { call?: Partial<KeyedRequest['call']> };

function asked(name: DialectName, body: Record<string, unknown>, more: More = {}): KeyedRequest {
  const dialect = dialects[name];
  const url = name === 'gemini' ? { model: 'm', stream: false } : {};
  return {
    candidates: [{ provider, model: 'm' }],
    passes: false,
    routing: undefined,
    caller: { keyId: 'key_1', owner: 'ada' },
    ...more,
    call: {
      dialect,
      body,
      text: JSON.stringify(body),
      decode: () => dialect.decodeRequest(body, url),
      ...more.call,
    },
  };
}

const keyOf = (body: Record<string, unknown>, more: More = {}) =>
  cacheKey(asked('openai-chat', body, more), rules);

describe.each([
  ['that pass', true],
  ['that are translated', false],
])('requests %s', (_, passes) => {
  const key = (body: Record<string, unknown>, more: More = {}) => keyOf(body, { passes, ...more });
  const base = key(chat);

  test.each([
    { stream: true, stream_options: { include_usage: true } },
    { metadata: { a: 'b' }, user: 'u', safety_identifier: 's', store: true },
    { prompt_cache_key: 'k', model: 'another name of it' },
  ])('are the same with %j', (more) => {
    expect(base).toBeString();
    expect(key({ ...more, ...chat, ...more })).toBe(base);
  });

  test('are the same with their members in another order', () => {
    const turned = { temperature: 0, messages: [{ content: 'hi', role: 'user' }], model: 'm' };
    expect(key(turned)).toBe(base);
  });

  test.each([
    { messages: [{ role: 'user', content: 'hi!' }] },
    { messages: [{ role: 'system', content: 'hi' }] },
    { max_tokens: 5 },
    { seed: 1 },
    { top_p: 0.5 },
    { stop: ['x'] },
    { n: 2 },
    { logprobs: true },
    { vendor_thing: 1 },
    { response_format: { type: 'json_object' } },
    { tools: [{ type: 'function', function: { name: 'f', parameters: {} } }] },
  ])('are others with %j', (more) => {
    const other = key({ ...chat, ...more });
    expect(other).toBeString();
    expect(other).not.toBe(base);
  });

  test.each<[string, More]>([
    ['another key', { caller: { keyId: 'key_2', owner: 'ada' } }],
    ['no key', { caller: {} }],
    ['another model', { candidates: [{ provider, model: 'n' }] }],
    [
      'two candidates',
      {
        candidates: [
          { provider, model: 'm' },
          { provider, model: 'n' },
        ],
      },
    ],
    ['a strategy of the alias', { manner: { strategy: 'race' } }],
    ['a kind of merge', { manner: { strategy: 'parallel_merge', merge: 'best', judge: 'j' } }],
    ['a judge', { manner: { strategy: 'parallel_merge', merge: 'best', judge: 'other' } }],
    [
      'what the judge stands for',
      { manner: { strategy: 'parallel_merge', merge: 'best', judge: 'j', judges: ['a'] } },
    ],
    ['how many are asked', { manner: { strategy: 'parallel_merge', k: 2 } }],
    ['a strategy of its own', { routing: { strategy: 'race' } }],
    ['named providers', { routing: { providers: ['o'] } }],
  ])('are others with %s', (_name, more) => {
    expect(key(chat, more)).not.toBe(base);
  });

  test('have the same routing where it only says how long or in which session', () => {
    const routing = (omen: object) => ({ routing: readRouting({ omen }, new Headers()) });
    expect(key(chat, routing({ k: 2, stickiness: 'session', session_id: 's' }))).toBe(
      key(chat, routing({ k: 2, max_latency_ms: 5 })) as string,
    );
  });

  test.each<[string, Record<string, unknown>]>([
    ['no temperature', { temperature: undefined }],
    ['one above 0', { temperature: 0.01 }],
    ['one that is none', { temperature: 'cold' }],
    ['a search by the provider', { web_search_options: {} }],
    ['sound', { modalities: ['text', 'audio'], audio: { voice: 'a', format: 'mp3' } }],
  ])('are not for the cache with %s', (_name, more) => {
    expect(key({ ...chat, ...more })).toBeUndefined();
  });

  test('share what the rules say', () => {
    const shared = { ...rules, scope: 'shared' as const };
    const of = (keyId: string) =>
      cacheKey(asked('openai-chat', chat, { passes, caller: { keyId } }), shared);
    expect(of('key_1')).toBe(of('key_2') as string);
    const warm = { ...chat, temperature: 0.7 };
    const any = { ...rules, maxTemperature: 1 };
    expect(cacheKey(asked('openai-chat', warm, { passes }), any)).toBeString();
    const { temperature: _t, ...silent } = chat;
    expect(cacheKey(asked('openai-chat', silent, { passes }), any)).toBeString();
  });
});

test('numbers that differ only beyond what a number holds are not the same', () => {
  const of = (thing: string) => {
    const text = JSON.stringify(chat).replace('{', `{"thing": ${thing},`);
    const body = JSON.parse(text);
    return cacheKey(asked('openai-chat', body, { passes: true, call: { text } }), rules);
  };
  expect(of('9007199254740993')).not.toBe(of('9007199254740992'));
});

test('of one meaning in several dialects, one is the same as another where it is translated', () => {
  const anthropic = { ...chat, max_tokens: 9 };
  const gemini = {
    contents: [{ role: 'user', parts: [{ text: 'hi' }] }],
    generationConfig: { temperature: 0, maxOutputTokens: 9 },
  };
  const keys = (passes: boolean) =>
    new Set([
      keyOf({ ...chat, max_tokens: 9 }, { passes }),
      cacheKey(asked('anthropic-messages', anthropic, { passes }), rules),
      cacheKey(asked('gemini', gemini, { passes }), rules),
    ]);
  expect(keys(false).size).toBe(1);
  expect(keys(true).size).toBe(3);
});

test('tools of a provider, and what a provider keeps, are not for the cache', () => {
  const tools = [{ type: 'web_search_20250305', name: 'web_search' }];
  const searching = { ...chat, max_tokens: 9, tools };
  expect(cacheKey(asked('anthropic-messages', searching), rules)).toBeUndefined();
  const google = {
    contents: [{ role: 'user', parts: [{ text: 'hi' }] }],
    generationConfig: { temperature: 0 },
    tools: [{ googleSearch: {} }],
  };
  expect(cacheKey(asked('gemini', google), rules)).toBeUndefined();
  const { messages: _, ...rest } = chat;
  const response = { ...rest, input: 'hi' };
  expect(cacheKey(asked('openai-responses', response), rules)).toBeString();
  for (const more of [
    { background: true },
    { previous_response_id: 'resp_1' },
    { tools: [{ type: 'web_search' }] },
  ]) {
    const body = { ...response, ...more };
    expect(cacheKey(asked('openai-responses', body, { passes: true }), rules)).toBeUndefined();
  }
  const call = { onlyProvider: 'o' };
  expect(cacheKey(asked('openai-responses', response, { call }), rules)).toBeUndefined();
});

test('a completion is known by its body, and is no chat', () => {
  const call = { via: () => undefined };
  const of = (body: Record<string, unknown>) =>
    cacheKey(asked('openai-chat', body, { call }), rules);
  const given = { model: 'm', prompt: 'def f(', temperature: 0 };
  expect(of(given)).toBeString();
  expect(of({ ...given, stream: true })).toBe(of(given) as string);
  expect(of({ ...given, suffix: ')' })).not.toBe(of(given));
  expect(of({ ...given, temperature: 1 })).toBeUndefined();
  expect(of({ ...given, temperature: undefined, options: { temperature: 0 } })).toBeString();
  expect(of(chat)).not.toBe(keyOf(chat, { passes: true }));
});
