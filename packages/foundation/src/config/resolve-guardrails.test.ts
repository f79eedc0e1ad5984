import { expect, test } from 'bun:test';
import { resolveRules } from './resolve-guardrails.ts';
import { configSchema } from './schema.ts';

function resolve(given: object) {
  const faults: string[] = [];
  const rules = resolveRules(configSchema.parse(given), (path, message) =>
    faults.push(`${path.join('.')}: ${message}`),
  );
  return { ...rules, faults };
}

test('a guardrail looks both ways and blocks unless told otherwise', () => {
  const { faults, guardrails } = resolve({
    guardrails: {
      keys: { type: 'secrets' },
      people: { type: 'personal_data', action: 'redact', direction: 'in', models: ['openai/*'] },
      asked: { type: 'webhook', url: 'http://127.0.0.1:1/', secret: 's3cret' },
    },
  });
  expect(faults).toEqual([]);
  expect(guardrails.get('keys')).toEqual({
    name: 'keys',
    action: 'block',
    direction: 'both',
    scope: {},
    check: { type: 'secrets', except: [] },
  });
  expect(guardrails.get('people')).toMatchObject({
    action: 'redact',
    direction: 'in',
    scope: { models: ['openai/*'] },
    check: { kinds: expect.arrayContaining(['email', 'iban']) },
  });
  expect(guardrails.get('asked')?.check).toMatchObject({ timeoutMs: 2_000, onFailure: 'block' });
});

test('policies keep the order of the file', () => {
  const { faults, policies } = resolve({
    guardrails: { people: { type: 'personal_data', action: 'report' } },
    policies: {
      zebra: { effect: 'allow', tools: ['read_*'] },
      apple: { effect: 'consent', data: ['personal_data'], reason: 'ask first' },
    },
  });
  expect(faults).toEqual([]);
  expect([...policies.keys()]).toEqual(['zebra', 'apple']);
  expect(policies.get('apple')).toEqual({
    name: 'apple',
    effect: 'consent',
    scope: {},
    data: ['personal_data'],
    reason: 'ask first',
  });
});

test('refused, with the key named', () => {
  const { faults } = resolve({
    guardrails: {
      a: { type: 'secrets', words: ['x'] },
      b: { type: 'max_size' },
      c: { type: 'max_size', max_tokens: 1, action: 'redact' },
      d: { type: 'webhook' },
      e: { type: 'deny_list', patterns: ['(a)\\1'] },
      f: { type: 'deny_list', words: ['x'.repeat(201)] },
      g: { type: 'deny_list' },
    },
    policies: { h: { effect: 'deny', data: ['email'] } },
  });
  expect(faults).toEqual([
    'guardrails.a.words: it is for type = "deny_list"',
    'guardrails.b.type: max_size takes max_characters, max_tokens or max_messages',
    'guardrails.c.action: what is too large is blocked or reported',
    'guardrails.c.max_tokens: it is for requests: set direction = "in"',
    'guardrails.d.url: it is missing',
    'guardrails.e.patterns: (a)\\1: at character 4: \\1 is not known here',
    'guardrails.f.words: one is longer than 200 characters',
    'guardrails.g.type: deny_list takes words or patterns',
  ]);
  const nothing = resolve({ policies: { h: { effect: 'deny', data: ['email'] } } });
  expect(nothing.faults[0]).toContain('policies.h.data: nothing is found without a guardrail');
});
