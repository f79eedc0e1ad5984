import { expect, test } from 'bun:test';
import { providerConfig, testGateway } from '../../testing/test-gateway.ts';
import { durationText, limitsLeft, setLimitHeaders } from './limit-headers.ts';
import { subjectOf } from './subject.ts';
import { SubjectGroup } from './subject-group.ts';
import { limitSettings } from './testing/limited-gateway.ts';
import { TierLimiters } from './tier-limiters.ts';

test.each([
  [0, '0ms'],
  [120, '120ms'],
  [1_000, '1s'],
  [1_500, '1.5s'],
  [59_999, '59.999s'],
  [60_000, '1m0s'],
  [360_000, '6m0s'],
  [3_605_250, '1h0m5.25s'],
])('%d ms are %s', (ms, text) => {
  expect(durationText(ms)).toBe(text);
});

const minute = { periodMs: 60_000 };
const nobody = new SubjectGroup([], () => {});

function group() {
  const limiters = (limit: number, tokens: number) =>
    new TierLimiters({
      name: 't',
      tier: { requests: { limit, ...minute }, tokens: { limit: tokens, ...minute } },
      monotonicMs: () => 0,
    });
  const key = subjectOf('key', 'a', limiters(60, 100));
  const owner = subjectOf('owner', 'b', limiters(30, 6_000));
  for (const { key: name, limiters: of } of [key, owner]) {
    of.requests?.check(name, 10);
    of.tokens?.check(name, 40);
  }
  return nobody.with(key).with(owner);
}

test('they are of the one with the least left, of requests and of tokens', () => {
  const headers = new Headers();
  setLimitHeaders(headers, limitsLeft(group()), 'openai', false);
  expect(Object.fromEntries(headers)).toEqual({
    'x-ratelimit-limit-requests': '30',
    'x-ratelimit-remaining-requests': '20',
    'x-ratelimit-reset-requests': '20s',
    'x-ratelimit-limit-tokens': '100',
    'x-ratelimit-remaining-tokens': '60',
    'x-ratelimit-reset-tokens': '24s',
  });
});

test("a provider's own move aside, and stay where there are none of ours", () => {
  const own = { 'x-ratelimit-remaining-requests': '9', 'anthropic-ratelimit-tokens-limit': '8' };
  const headers = new Headers(own);
  setLimitHeaders(headers, limitsLeft(nobody), 'openai', true);
  expect(Object.fromEntries(headers)).toEqual(own);
  setLimitHeaders(headers, limitsLeft(group()), 'anthropic', true);
  expect(headers.get('anthropic-ratelimit-requests-remaining')).toBe('20');
  expect(headers.get('anthropic-ratelimit-tokens-limit')).toBe('100');
  expect(headers.get('x-ratelimit-remaining-requests')).toBeNull();
  expect(headers.get('x-zeke-provider-x-ratelimit-remaining-requests')).toBe('9');
  expect(headers.get('x-zeke-provider-anthropic-ratelimit-tokens-limit')).toBe('8');
});

test("an answer tells the caller's own beside the provider's", async () => {
  using upstream = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: () =>
      Response.json(
        { choices: [{ index: 0, message: { role: 'assistant', content: 'hi' } }], usage: {} },
        { headers: { 'x-ratelimit-remaining-requests': '9999' } },
      ),
  });
  const baseUrl = `${upstream.url.origin}/v1`;
  await using fixture = await testGateway({
    providers: [providerConfig({ name: 'p', type: 'openai', apiKey: 'k', baseUrl, models: ['m'] })],
    settings: { rateLimits: limitSettings({ defaultTier: 'both' }), auth: { requireAuth: true } },
    monotonicMs: () => 0,
  });
  const { secret } = await fixture.gateway.keys.create({ name: 'k', owner: 'ada' });
  const body = { model: 'p/m', messages: [{ role: 'user', content: 'hi' }] };
  const key = { authorization: `Bearer ${secret}` };
  const { headers } = await fixture.post('/v1/chat/completions', body, key);
  expect(headers.get('x-ratelimit-remaining-requests')).toBe('99');
  expect(headers.get('x-ratelimit-limit-tokens')).toBe('1000');
  expect(headers.get('x-zeke-provider-x-ratelimit-remaining-requests')).toBe('9999');
});
