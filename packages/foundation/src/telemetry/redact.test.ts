import { describe, expect, test } from 'bun:test';
import { RpcError } from '@zeke/rpc';
import fc from 'fast-check';
import { Secret } from '../secrets/secret.ts';
import { redactText, redactValue } from './redact.ts';

const alphanumeric = fc.stringMatching(/^[A-Za-z0-9]{40}$/);

/** Every form of secret, around random characters that must not be seen again. */
const forms: [string, (body: string) => string][] = [
  ['an OpenAI key', (body) => `sk-proj-${body}`],
  ['an Anthropic key', (body) => `sk-ant-api03-${body}_-AA`],
  ['a key of ours', (body) => `zk-${body}`],
  ['an xAI key', (body) => `xai-${body}`],
  ['a Groq key', (body) => `gsk_${body}`],
  ['a Google key', (body) => `AIza${body}`],
  ['a Google token', (body) => `ya29.${body}`],
  ['an AWS key id', (body) => `AKIA${body.toUpperCase()}`],
  ['a bearer token', (body) => `Bearer ${body}`],
  ['a bearer token in lower case', (body) => `authorization: bearer ${body}`],
  ['basic credentials', (body) => `Basic ${body}==`],
  ['a JWT', (body) => `eyJhbGciOiJI.${body}.${body}`],
  ['a password in a URL', (body) => `postgres://user:${body}@host:5432/db`],
  ['a key in a URL', (body) => `https://host/v1beta/models?key=${body}&alt=sse`],
  ['a signature in a URL', (body) => `https://host/?a=1&X-Amz-Signature=${body}`],
  ['a header in a text', (body) => `sent x-api-key: ${body}, content-type: text/plain`],
  ['a field in JSON', (body) => `{"api_key":"${body}","model":"m"}`],
  ['a field in JSON within JSON', (body) => JSON.stringify(`{"client_secret": "${body}"}`)],
];

describe.each(forms)('%s', (_, form) => {
  const hidden = (make: (text: string) => unknown) =>
    fc.assert(
      fc.property(
        alphanumeric,
        fc.constantFrom('', 'failed with ', 'a="', '(', '\n'),
        (body, before) => {
          const shown = JSON.stringify(make(`${before}${form(body)}`));
          expect(shown.toLowerCase()).not.toContain(body.toLowerCase());
          expect(shown).toContain('[redacted]');
        },
      ),
      { numRuns: 30 },
    );

  test('is hidden in texts', () => hidden(redactText));

  test('is hidden in values at any depth', () =>
    hidden((text) => redactValue({ list: [{ deep: new Map([['k', text]]) }] })));

  test('is hidden in errors, their stacks, details and causes', () =>
    hidden((text) =>
      redactValue({
        err: new RpcError('unavailable', `m ${text}`, {
          details: [{ type: 't', value: { text } }],
          cause: new AggregateError([new Error(text)], text, { cause: new TypeError(text) }),
        }),
      }),
    ));
});

test('hides whole values under keys that name secrets', () => {
  const value = {
    headers: { Authorization: 'x', 'X-Api-Key': 'x', 'set-cookie': ['x'], accept: 'y' },
    api_key: 'x',
    apiKey: 'x',
    client_secret: { nested: 'x' },
    password: 12_345,
    sessionToken: 'x',
    token: 'x',
    kept: new Secret('x'),
  };
  const shown = JSON.stringify(redactValue(value));
  expect(shown).not.toContain('"x"');
  expect(shown).not.toContain('12345');
  expect(shown).toContain('"accept":"y"');
});

test('leaves counts of tokens and plain words alone', () => {
  const value = {
    input_tokens: 12,
    max_tokens: 5,
    firstToken: 3,
    requireAuth: true,
    text: 'the task-management-board of risk-assessments; Basic rules, bearer',
    url: 'http://127.0.0.1:8080/v1/models?limit=10',
    nothing: null,
  };
  expect(redactValue(value)).toEqual(value);
});

test('gives JSON for anything, however odd', () => {
  const circular: Record<string, unknown> = { name: 'a' };
  circular.self = circular;
  const shared = { b: 1 };
  expect(redactValue({ circular, twice: [shared, shared] })).toEqual({
    circular: { name: 'a', self: '[circular]' },
    twice: [{ b: 1 }, { b: 1 }],
  });
  expect(redactValue({ bytes: new Uint8Array(3), big: 5n, at: new Date(0), f: () => 1 })).toEqual({
    bytes: '[3 bytes]',
    big: 5,
    at: '1970-01-01T00:00:00.000Z',
    f: undefined,
  });
  const hostile = JSON.parse('{"__proto__": {"polluted": 1}}');
  expect(JSON.stringify(redactValue(hostile))).toBe('{"__proto__":{"polluted":1}}');
  fc.assert(
    fc.property(fc.anything(), (value) => {
      JSON.stringify(redactValue(value));
    }),
  );
});

test('cuts long texts', () => {
  const shown = redactText('x'.repeat(20_000));
  expect(shown).toEndWith('… (3616 more characters)');
});

// What goes back over a text takes the square of its length for it, and ends long after this limit.
test('goes through hostile texts once', () => {
  for (const part of ['eyJ', 'sk-', '://a:', '?key=', 'api_key: ', 'Bearer ', 'a.', '"\\']) {
    for (let index = 0; index < 120; index++) {
      expect(redactText(`${index} ${part.repeat(16_000)}`)).toEndWith('more characters)');
    }
  }
}, 3_000);
