import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { apiError, apiErrorInfo } from '../../neutral/api-error.ts';
import { decodeError, encodeError, errorOfFrame } from './errors.ts';

const type = (name: string) => `type.googleapis.com/google.rpc.${name}`;
const none = new Headers();

function decoded(status: number, error: object, headers = none) {
  const found = decodeError(status, headers, JSON.stringify({ error }));
  const { code, message, retryable } = found;
  const { refusal: _, ...info } = apiErrorInfo(found);
  return { code, message, retryable, ...info };
}

// Shapes: https://cloud.google.com/apis/design/errors, https://ai.google.dev/gemini-api/docs/troubleshooting
describe('decodeError', () => {
  test('a bad key is unauthenticated, though Google says 400', () => {
    expect(
      decoded(400, {
        code: 400,
        message: 'API key not valid. Please pass a valid API key.',
        status: 'INVALID_ARGUMENT',
        details: [
          { '@type': type('ErrorInfo'), reason: 'API_KEY_INVALID', domain: 'googleapis.com' },
          { '@type': type('LocalizedMessage'), locale: 'en-US', message: 'API key not valid.' },
        ],
      }),
    ).toEqual({
      code: 'unauthenticated',
      message: 'API key not valid. Please pass a valid API key.',
      retryable: false,
      reason: 'invalid_api_key',
      providerCode: 'API_KEY_INVALID',
    });
  });

  test('a limit of a minute may be tried again, a quota of a day not', () => {
    const limit = (quotaId: string) => ({
      code: 429,
      message: 'You exceeded your current quota',
      status: 'RESOURCE_EXHAUSTED',
      details: [
        { '@type': type('QuotaFailure'), violations: [{ quotaId }] },
        { '@type': type('RetryInfo'), retryDelay: '31.25s' },
      ],
    });
    expect(decoded(429, limit('GenerateRequestsPerMinutePerProjectPerModel'))).toMatchObject({
      code: 'resource_exhausted',
      reason: 'rate_limit_exceeded',
      retryable: true,
      retryAfterMs: 31_250,
    });
    expect(decoded(429, limit('GenerateRequestsPerDayPerProjectPerModel-FreeTier'))).toMatchObject({
      reason: 'insufficient_quota',
      retryable: false,
    });
  });

  test.each([
    [
      400,
      'INVALID_ARGUMENT',
      'The input token count (5) exceeds the maximum number of tokens allowed (4).',
      'invalid_argument',
      'context_length_exceeded',
    ],
    [
      404,
      'NOT_FOUND',
      'models/x is not found for API version v1beta',
      'not_found',
      'model_not_found',
    ],
    [
      401,
      'UNAUTHENTICATED',
      'Request had invalid authentication credentials.',
      'unauthenticated',
      'invalid_api_key',
    ],
    [403, 'PERMISSION_DENIED', 'no access', 'permission_denied', undefined],
    [
      400,
      'FAILED_PRECONDITION',
      'User location is not supported',
      'failed_precondition',
      undefined,
    ],
    [503, 'UNAVAILABLE', 'The model is overloaded.', 'unavailable', undefined],
    [499, 'CANCELLED', 'gone', 'canceled', undefined],
    [500, 'SOMETHING_NEW', 'x', 'internal', undefined],
  ] as const)('%d %s', (status, word, message, code, reason) => {
    const error = decoded(status, { code: status, message, status: word });
    expect(error).toMatchObject({ code, message, providerCode: word });
    expect(error.reason).toBe(reason);
  });

  test.each([
    ['Requests are blocked.', 'API_KEY_SERVICE_BLOCKED', true],
    ['Permission denied on resource project x.', 'CONSUMER_INVALID', true],
    ['no', 'IAM_PERMISSION_DENIED', true],
    ['Your API key was reported as leaked. Please use another API key.', undefined, true],
    ["Method doesn't allow unregistered callers.", undefined, true],
    ['You do not have permission to access the File abc or it may not exist.', undefined, false],
    ['no', 'LOCATION_POLICY_VIOLATED', false],
  ])('a 403 refuses the key only where it says so: %s %s', (message, reason, isKey) => {
    const details = reason ? [{ '@type': type('ErrorInfo'), reason }] : [];
    const { code } = decoded(403, { code: 403, message, status: 'PERMISSION_DENIED', details });
    expect(code).toBe(isKey ? 'unauthenticated' : 'permission_denied');
  });

  test('reads an error in an array, as streams without alt=sse give it', () => {
    const body = JSON.stringify([
      { error: { code: 403, message: 'no', status: 'PERMISSION_DENIED' } },
    ]);
    expect(decodeError(403, none, body)).toMatchObject({
      code: 'permission_denied',
      message: 'no',
    });
  });

  test('tells what is no error of Google’s by its status', () => {
    const headers = new Headers({ 'retry-after': '7' });
    for (const body of ['', '<html>502</html>', '[]', '{"error":"text"}', 'null']) {
      const error = decodeError(502, headers, body);
      expect(error).toMatchObject({ code: 'unavailable', retryable: true });
      expect(apiErrorInfo(error).retryAfterMs).toBe(7_000);
      expect(error.message).toBe('the provider answered with HTTP status 502');
    }
    expect(
      apiErrorInfo(decodeError(429, new Headers({ 'retry-after-ms': '12' }), '')).retryAfterMs,
    ).toBe(12);
    const past = new Headers({ 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' });
    expect(apiErrorInfo(decodeError(429, past, '')).retryAfterMs).toBe(0);
  });

  test('caps the message and takes any JSON', () => {
    expect(decoded(400, { message: 'x'.repeat(9_000) }).message).toHaveLength(2_000);
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 200, max: 599 }), (error, status) => {
        expect(decodeError(status, none, JSON.stringify({ error })).message).not.toBe('');
        expect(decodeError(status, none, JSON.stringify(error)).message).not.toBe('');
      }),
    );
  });
});

test('errorOfFrame finds an error inside a stream, and none in an answer', () => {
  const frame = (value: unknown) => ({ event: '', data: JSON.stringify(value) });
  expect(
    errorOfFrame(frame({ error: { code: 503, message: 'm', status: 'UNAVAILABLE' } })),
  ).toMatchObject({ code: 'unavailable' });
  expect(
    errorOfFrame(frame({ candidates: [{ content: { parts: [{ text: '{"error":{}}' }] } }] })),
  ).toBeUndefined();
  expect(errorOfFrame({ event: '', data: '{"error"' })).toBeUndefined();
});

test('encodeError says what it knows in Google’s details', () => {
  const error = apiError('invalid_argument', 'contents: empty', {
    reason: 'invalid_api_key',
    param: 'contents',
    retryAfterMs: 250,
  });
  expect(encodeError(error, 'req_1')).toEqual({
    status: 400,
    body: {
      error: {
        code: 400,
        message: 'contents: empty',
        status: 'INVALID_ARGUMENT',
        details: [
          { '@type': type('ErrorInfo'), reason: 'API_KEY_INVALID', domain: 'zeke' },
          {
            '@type': type('BadRequest'),
            fieldViolations: [{ field: 'contents', description: 'contents: empty' }],
          },
          { '@type': type('RetryInfo'), retryDelay: '0.25s' },
          { '@type': type('RequestInfo'), requestId: 'req_1' },
        ],
      },
    },
  });
  expect(encodeError(apiError('canceled', 'gone'), 'r').body).toMatchObject({
    error: { code: 499, status: 'CANCELLED' },
  });
});
