import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { apiError, apiErrorInfo } from '../../neutral/api-error.ts';
import { decodeError, encodeError, errorOfFrame } from './errors.ts';

const none = new Headers();
const body = (error: object) => JSON.stringify({ error });

describe('decodeError', () => {
  test("OpenAI's own shape, with its reason, param and time to wait", () => {
    const error = decodeError(
      429,
      new Headers({ 'retry-after-ms': '1250', 'retry-after': '2' }),
      body({ message: 'Slow', type: 'tokens', param: null, code: 'rate_limit_exceeded' }),
    );
    expect([error.code, error.retryable, error.message]).toEqual([
      'resource_exhausted',
      true,
      'Slow',
    ]);
    expect(apiErrorInfo(error)).toMatchObject({
      reason: 'rate_limit_exceeded',
      providerCode: 'rate_limit_exceeded',
      retryAfterMs: 1250,
    });
  });

  test.each([
    [
      400,
      { code: 'context_length_exceeded' },
      'invalid_argument',
      false,
      'context_length_exceeded',
    ],
    [429, { code: 'insufficient_quota' }, 'resource_exhausted', false, 'insufficient_quota'],
    [404, { code: 'model_not_found' }, 'not_found', false, 'model_not_found'],
    [404, { code: 'DeploymentNotFound' }, 'not_found', false, 'model_not_found'],
    [401, { code: 'invalid_api_key' }, 'unauthenticated', false, 'invalid_api_key'],
    [401, {}, 'unauthenticated', false, 'invalid_api_key'],
    [400, { type: 'invalid_request_error', param: 'input' }, 'invalid_argument', false, undefined],
    [500, { type: 'server_error', code: null }, 'internal', true, undefined],
    [503, { code: 'server_is_overloaded' }, 'unavailable', true, 'server_is_overloaded'],
    [403, { code: 'unsupported_country' }, 'permission_denied', false, undefined],
    [403, { code: 'AuthenticationTypeDisabled' }, 'unauthenticated', false, 'invalid_api_key'],
  ] as const)('%d %j', (status, fault, code, retryable, reason) => {
    const error = decodeError(status, none, body({ message: 'why', ...fault }));
    expect([error.code, error.retryable, apiErrorInfo(error).reason]).toEqual([
      code,
      retryable,
      reason,
    ]);
  });

  test('bodies of other shapes', () => {
    const message = (text: string) => decodeError(400, none, text).message;
    expect(message('{"code":"Client specified an invalid argument","error":"bad model"}')).toBe(
      'bad model',
    );
    expect(message('{"detail":"Not Found"}')).toBe('Not Found');
    expect(message('{"message":"plain"}')).toBe('plain');
    expect(message('upstream went away')).toBe('upstream went away');
    expect(message('<html><h1>502</h1>')).toBe('the provider answered with HTTP status 400');
    expect(message('')).toBe('the provider answered with HTTP status 400');
    expect(message(body({ message: 'x'.repeat(5_000) }))).toHaveLength(2_000);
  });

  test('retry-after in seconds and as a date', () => {
    const after = (value: string) =>
      apiErrorInfo(decodeError(503, new Headers({ 'retry-after': value }), '')).retryAfterMs;
    expect(after('1.5')).toBe(1_500);
    expect(after('Wed, 21 Oct 2015 07:28:00 GMT')).toBe(0);
    expect(after('soon')).toBeUndefined();
  });

  test('any text and status give an error', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 300, max: 599 }),
        fc.oneof(fc.string(), fc.json()),
        (status, text) => {
          expect(decodeError(status, none, text).message).not.toBe('');
        },
      ),
    );
  });
});

describe('errorOfFrame', () => {
  const frame = (value: unknown, event = '') => ({ event, data: JSON.stringify(value) });

  test('reads a failed response, an error record in both its shapes', () => {
    const error = { code: 'server_error', message: 'down' };
    expect(errorOfFrame(frame({ type: 'response.failed', response: { error } }))).toMatchObject({
      code: 'internal',
      retryable: true,
      message: 'down',
    });
    expect(
      errorOfFrame(frame({ type: 'error', code: 'rate_limit_exceeded', message: 'm' })),
    ).toMatchObject({ code: 'resource_exhausted' });
    const nested = { type: 'error', error: { code: 'context_length_exceeded', message: 'long' } };
    expect(errorOfFrame(frame(nested))).toMatchObject({
      code: 'invalid_argument',
      message: 'long',
    });
    expect(errorOfFrame(frame({ message: 'm' }, 'error'))).toMatchObject({ message: 'm' });
  });

  test('is undefined for every other record', () => {
    expect(
      errorOfFrame(frame({ type: 'response.created', response: { error: null } })),
    ).toBeUndefined();
    expect(errorOfFrame({ event: '', data: '[DONE]' })).toBeUndefined();
  });
});

test('encodeError tells it in the shape of the API', () => {
  expect(encodeError(apiError('invalid_argument', 'bad', { param: 'input[0].role' }))).toEqual({
    status: 400,
    body: {
      error: { message: 'bad', type: 'invalid_request_error', param: 'input[0].role', code: null },
    },
  });
  expect(encodeError(apiError('resource_exhausted', 'slow'))).toMatchObject({
    status: 429,
    body: { error: { type: 'rate_limit_error', code: 'rate_limit_exceeded' } },
  });
  expect(
    encodeError(apiError('resource_exhausted', 'empty', { reason: 'insufficient_quota' })),
  ).toMatchObject({ body: { error: { type: 'insufficient_quota', code: 'insufficient_quota' } } });
  expect(encodeError(apiError('unauthenticated', 'who'))).toMatchObject({
    status: 401,
    body: { error: { type: 'invalid_request_error', code: 'invalid_api_key' } },
  });
  expect(encodeError(apiError('unavailable', 'gone'))).toMatchObject({
    status: 503,
    body: { error: { type: 'server_error', code: null } },
  });
});
