import { describe, expect, test } from 'bun:test';
import Anthropic from '@anthropic-ai/sdk';
import { codes, RpcError } from '@zeke/rpc';
import fc from 'fast-check';
import { apiError, apiErrorInfo } from '../../neutral/api-error.ts';
import { decodeError, encodeError, errorOfFrame } from './errors.ts';

const told = (type: string, message: string) =>
  JSON.stringify({ type: 'error', error: { type, message }, request_id: 'req_1' });

// Source: https://platform.claude.com/docs/en/api/errors
describe('decodeError', () => {
  test.each([
    [
      400,
      told('invalid_request_error', 'max_tokens: Field required'),
      'invalid_argument',
      undefined,
      false,
    ],
    [
      400,
      told('invalid_request_error', 'prompt is too long: 9 tokens > 8 maximum'),
      'invalid_argument',
      'context_length_exceeded',
      false,
    ],
    [
      400,
      told(
        'invalid_request_error',
        'input length and `max_tokens` exceed context limit: 1 + 2 > 2',
      ),
      'invalid_argument',
      'context_length_exceeded',
      false,
    ],
    [
      400,
      told('invalid_request_error', 'Your credit balance is too low to access the API'),
      'resource_exhausted',
      'insufficient_quota',
      false,
    ],
    [
      401,
      told('authentication_error', 'invalid x-api-key'),
      'unauthenticated',
      'invalid_api_key',
      false,
    ],
    [402, told('billing_error', 'pay'), 'resource_exhausted', 'insufficient_quota', false],
    [403, told('permission_error', 'no'), 'unauthenticated', 'invalid_api_key', false],
    [403, told('forbidden', 'Request not allowed'), 'permission_denied', undefined, false],
    [
      403,
      '{"error":{"code":403,"message":"Permission \'x.predict\' denied on resource","status":"PERMISSION_DENIED"}}',
      'unauthenticated',
      'invalid_api_key',
      false,
    ],
    [404, told('not_found_error', 'model: claude-nope'), 'not_found', 'model_not_found', false],
    [413, told('request_too_large', 'big'), 'invalid_argument', 'request_too_large', false],
    [429, told('rate_limit_error', 'slow'), 'resource_exhausted', 'rate_limit_exceeded', true],
    [500, told('api_error', 'Internal server error'), 'internal', undefined, true],
    [504, told('timeout_error', 'late'), 'deadline_exceeded', undefined, true],
    [529, told('overloaded_error', 'Overloaded'), 'unavailable', 'overloaded', true],
    [
      429,
      '[{"error":{"code":429,"message":"Quota","status":"RESOURCE_EXHAUSTED"}}]',
      'resource_exhausted',
      'rate_limit_exceeded',
      true,
    ],
    [502, '<html>Bad gateway</html>', 'unavailable', undefined, true],
    [503, '', 'unavailable', undefined, true],
  ] as const)('%d %s', (status, body, code, reason, retryable) => {
    const error = decodeError(status, new Headers(), body);
    expect([error.code, apiErrorInfo(error).reason, error.retryable]).toEqual([
      code,
      reason,
      retryable,
    ]);
    expect(error.message).not.toContain('<');
    expect(error.message).not.toBe('');
  });

  test('reads how long to wait, in all spellings', () => {
    const wait = (headers: Record<string, string>) =>
      apiErrorInfo(decodeError(429, new Headers(headers), '')).retryAfterMs;
    expect(wait({ 'retry-after': '1.5' })).toBe(1_500);
    expect(wait({ 'retry-after-ms': '250', 'retry-after': '9' })).toBe(250);
    expect(wait({ 'retry-after': new Date(Date.now() + 60_000).toUTCString() })).toBeGreaterThan(
      50_000,
    );
    expect(wait({ 'retry-after': 'soon' })).toBeUndefined();
    expect(wait({})).toBeUndefined();
  });

  test('caps messages and takes any body', () => {
    expect(decodeError(400, new Headers(), told('x', 'a'.repeat(9_000))).message).toHaveLength(
      2_000,
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 400, max: 599 }),
        fc.oneof(fc.string(), fc.json()),
        (status, body) => {
          expect(decodeError(status, new Headers(), body).message).not.toBe('');
        },
      ),
    );
  });
});

describe('encodeError', () => {
  test('the official client raises the class of the status', async () => {
    const raised = async (error: RpcError) => {
      const { status, body } = encodeError(error, 'req_9');
      expect(body).toMatchObject({ type: 'error', request_id: 'req_9' });
      const client = new Anthropic({
        apiKey: 'k',
        maxRetries: 0,
        fetch: async () => Response.json(body, { status }),
      });
      return client.messages
        .create({ model: 'm', max_tokens: 1, messages: [] })
        .catch((reason: Error) => reason as InstanceType<typeof Anthropic.APIError>);
    };
    const expectations = [
      [
        apiError('unauthenticated', 'no key'),
        Anthropic.AuthenticationError,
        'authentication_error',
      ],
      [
        apiError('permission_denied', 'not yours'),
        Anthropic.PermissionDeniedError,
        'permission_error',
      ],
      [apiError('not_found', 'no model'), Anthropic.NotFoundError, 'not_found_error'],
      [apiError('resource_exhausted', 'slow'), Anthropic.RateLimitError, 'rate_limit_error'],
      [apiError('invalid_argument', 'bad'), Anthropic.BadRequestError, 'invalid_request_error'],
      [apiError('internal', 'ours'), Anthropic.InternalServerError, 'api_error'],
      [
        apiError('unavailable', 'busy', { reason: 'overloaded' }),
        Anthropic.InternalServerError,
        'overloaded_error',
      ],
    ] as const;
    for (const [error, kind, type] of expectations) {
      const reason = await raised(error);
      expect(reason).toBeInstanceOf(kind);
      expect((reason as { type?: string }).type).toBe(type);
    }
  });

  test('names the field, and says a full context in the words clients look for', () => {
    const body = (error: RpcError) =>
      (encodeError(error, 'r').body.error as { message: string }).message;
    expect(body(apiError('invalid_argument', 'is wrong', { param: 'a.b' }))).toBe('a.b: is wrong');
    expect(body(apiError('invalid_argument', 'a.b: is wrong', { param: 'a.b' }))).toBe(
      'a.b: is wrong',
    );
    expect(
      body(apiError('invalid_argument', 'too many tokens', { reason: 'context_length_exceeded' })),
    ).toBe('prompt is too long: too many tokens');
  });

  test('every code has a shape', () => {
    for (const code of codes) {
      const { status, body } = encodeError(new RpcError(code, 'm'), 'r');
      expect(status).toBeGreaterThanOrEqual(400);
      expect(body).toMatchObject({ error: { message: 'm' } });
    }
  });
});

describe('errorOfFrame', () => {
  test('finds an error, and takes text that speaks of one for what it is', () => {
    const data = told('overloaded_error', 'Overloaded');
    expect(errorOfFrame({ event: 'error', data })?.code).toBe('unavailable');
    expect(errorOfFrame({ event: '', data })?.code).toBe('unavailable');
    expect(errorOfFrame({ event: 'error', data: 'oops' })?.code).toBe('unknown');
    expect(
      errorOfFrame({ event: 'message_start', data: '{"type":"message_start","x":{"error":1}}' }),
    ).toBeUndefined();
  });
});
