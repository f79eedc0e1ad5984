import { describe, expect, test } from 'bun:test';
import type { RpcError } from '@zeke/rpc';
import fc from 'fast-check';
import { apiError, apiErrorInfo } from '../../neutral/api-error.ts';
import { decodeError, encodeError, errorOfFrame } from './errors.ts';

function tell(error: RpcError) {
  const { refusal: _, ...info } = apiErrorInfo(error);
  return { code: error.code, retryable: error.retryable, message: error.message, ...info };
}
const decode = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  tell(
    decodeError(
      status,
      new Headers(headers),
      typeof body === 'string' ? body : JSON.stringify(body),
    ),
  );

describe('decodeError', () => {
  test('OpenAI', () => {
    const error = {
      message: 'Incorrect API key',
      type: 'invalid_request_error',
      param: null,
      code: 'invalid_api_key',
    };
    expect(decode(401, { error })).toEqual({
      code: 'unauthenticated',
      retryable: false,
      message: 'Incorrect API key',
      reason: 'invalid_api_key',
      providerCode: 'invalid_api_key',
    });
    expect(
      decode(400, { error: { message: 'm', code: 'context_length_exceeded', param: 'messages' } }),
    ).toMatchObject({
      code: 'invalid_argument',
      reason: 'context_length_exceeded',
      param: 'messages',
    });
    expect(decode(429, { error: { message: 'm', code: 'insufficient_quota' } })).toMatchObject({
      code: 'resource_exhausted',
      retryable: false,
      reason: 'insufficient_quota',
    });
  });

  test('the shapes of its kin', () => {
    const cases: [number, unknown, object][] = [
      [
        404,
        { code: 'not-found', error: 'The model x does not exist' },
        { reason: 'model_not_found', code: 'not_found', message: 'The model x does not exist' },
      ],
      [
        404,
        { error: { code: 'DeploymentNotFound', message: 'none' } },
        { reason: 'model_not_found' },
      ],
      [
        400,
        { error: { message: 'vendor/x is not a valid model ID', code: 400 } },
        { reason: 'model_not_found', code: 'not_found' },
      ],
      [
        400,
        { error: { message: 'Model Not Exist', type: 'invalid_request_error', param: null } },
        { reason: 'model_not_found', code: 'not_found' },
      ],
      [
        400,
        {
          object: 'error',
          message: "This model's maximum context length is 9 tokens",
          type: 'BadRequestError',
          code: 400,
        },
        { reason: 'context_length_exceeded', providerCode: '400' },
      ],
      [
        422,
        { detail: [{ loc: ['body', 'n'], msg: 'bad' }] },
        { code: 'invalid_argument', message: '[{"loc":["body","n"],"msg":"bad"}]' },
      ],
      [
        503,
        [{ error: { code: 503, message: 'overloaded', status: 'UNAVAILABLE' } }],
        { code: 'unavailable', retryable: true, message: 'overloaded' },
      ],
      [
        402,
        { error: { message: 'Insufficient credits', code: 402 } },
        { reason: 'insufficient_quota', retryable: false },
      ],
      [
        502,
        '<html><h1>502 Bad Gateway</h1></html>',
        {
          code: 'unavailable',
          retryable: true,
          message: 'the provider answered 502 without a message',
        },
      ],
      [500, '', { code: 'internal', retryable: true }],
      [400, 'null', { code: 'invalid_argument' }],
    ];
    for (const [status, body, expected] of cases)
      expect(decode(status, body)).toMatchObject(expected);
  });

  test.each([
    [{ code: 'AuthenticationTypeDisabled', message: 'Key based authentication is disabled' }, true],
    [{ message: 'You have insufficient permissions. Missing scopes: model.request' }, true],
    [{ message: "Access is denied. Please ensure you're using the correct credentials." }, true],
    [{ message: 'The API key was blocked.' }, true],
    [{ code: 'unsupported_country_region_territory', type: 'request_forbidden' }, false],
    [{ code: 403, message: 'flagged', metadata: { reasons: ['violence'] } }, false],
    [{ message: 'Content violates usage guidelines. Team: a, API key ID: b, Model: c' }, false],
  ])('a 403 refuses the key only where it says so: %j', (error, isKey) => {
    expect(decode(403, { error }).code).toBe(isKey ? 'unauthenticated' : 'permission_denied');
  });

  test('the answer is kept, with whether clients of OpenAI can read it', () => {
    const kept = (body: string) => {
      const { refusal } = apiErrorInfo(decodeError(418, new Headers(), body));
      return [refusal?.dialect, refusal?.status, refusal?.body, refusal?.isShaped];
    };
    for (const body of ['{"error": {"message": "m", "extra": 1}}', '{"error":{"message":"m"}}']) {
      expect(kept(body)).toEqual(['openai-chat', 418, body, true]);
    }
    for (const body of ['', '<html>', '{"error":"m"}', '{"detail":"m"}', '{"error":{}}', 'null']) {
      expect(kept(body)).toEqual(['openai-chat', 418, body, false]);
    }
  });

  test('retry-after in its three forms', () => {
    const wait = (headers: Record<string, string>) => decode(429, '{}', headers).retryAfterMs;
    expect(wait({ 'retry-after': '2.5' })).toBe(2_500);
    expect(wait({ 'retry-after-ms': '150', 'retry-after': '9' })).toBe(150);
    const date = 'Wed, 21 Oct 2026 07:28:00 GMT';
    expect(wait({ 'retry-after': 'Wed, 21 Oct 2026 07:28:07 GMT', date })).toBe(7_000);
    expect(wait({ 'retry-after': 'soon' })).toBeUndefined();
    expect(wait({})).toBeUndefined();
  });

  test('a long message is cut, and any text at all gives an error', () => {
    expect(decode(400, { error: { message: 'x'.repeat(5_000) } }).message).toHaveLength(2_000);
    fc.assert(
      fc.property(
        fc.integer({ min: 400, max: 599 }),
        fc.oneof(fc.string(), fc.json()),
        (status, body) => {
          expect(decode(status, body).message).not.toBe('');
        },
      ),
    );
  });
});

test("encodeError is of OpenAI's shape", () => {
  const error = apiError('invalid_argument', 'model: is missing', { param: 'model' });
  expect(encodeError(error, 'req_1')).toEqual({
    status: 400,
    body: {
      error: {
        message: 'model: is missing',
        type: 'invalid_request_error',
        param: 'model',
        code: null,
      },
    },
  });
  expect(
    encodeError(apiError('resource_exhausted', 'm', { reason: 'rate_limit_exceeded' }), ''),
  ).toMatchObject({
    status: 429,
    body: { error: { type: 'rate_limit_error', code: 'rate_limit_exceeded' } },
  });
});

describe('errorOfFrame', () => {
  const frame = (data: unknown, event = '') => ({
    event,
    data: typeof data === 'string' ? data : JSON.stringify(data),
  });

  test('finds an error and nothing else', () => {
    expect(errorOfFrame(frame({ choices: [], error: null }))).toBeUndefined();
    expect(
      errorOfFrame(frame({ choices: [{ delta: { content: '{"error":{}}' } }] })),
    ).toBeUndefined();
    expect(errorOfFrame(frame('[DONE]'))).toBeUndefined();
    expect(errorOfFrame(frame('{"error'))).toBeUndefined();
    expect(errorOfFrame(frame({ error: { message: 'm', code: 503 } }))?.code).toBe('unavailable');
    expect(errorOfFrame(frame({ error: { message: 'm', type: 'rate_limit_error' } }))?.code).toBe(
      'resource_exhausted',
    );
    expect(errorOfFrame(frame({ error: 'broken' }))).toMatchObject({
      code: 'internal',
      message: 'broken',
      retryable: true,
    });
  });

  test('an event named error needs no field of that name', () => {
    expect(errorOfFrame(frame({ message: 'm' }, 'error'))?.message).toBe('m');
    expect(errorOfFrame(frame('not JSON', 'error'))?.code).toBe('internal');
  });
});
