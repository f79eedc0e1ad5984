import { describe, expect, test } from 'bun:test';
import { apiError, apiErrorInfo } from '../../neutral/api-error.ts';
import { bedrockConverseDialect } from './index.ts';

const { decodeError, encodeError, errorOfFrame, scanUsage } = bedrockConverseDialect;

function decoded(status: number, body: string, headers: Record<string, string> = {}) {
  const error = decodeError(status, new Headers(headers), body);
  const { refusal: _, ...info } = apiErrorInfo(error);
  return { code: error.code, retryable: error.retryable, message: error.message, ...info };
}

describe('decodeError', () => {
  test('takes the name from the header, before its colon', () => {
    expect(
      decoded(429, '{"message":"Too many requests"}', {
        'x-amzn-errortype': 'ThrottlingException:http://internal.amazon.com/coral/',
        'retry-after': '3',
      }),
    ).toEqual({
      code: 'resource_exhausted',
      retryable: true,
      message: 'Too many requests',
      status: 429,
      retryAfterMs: 3_000,
      reason: 'rate_limit_exceeded',
      providerCode: 'ThrottlingException',
    });
  });

  test('takes the name from the body, after its hash', () => {
    const body = {
      __type: 'com.amazon.coral.service#UnrecognizedClientException',
      Message: 'The security token included in the request is invalid.',
    };
    expect(decoded(403, JSON.stringify(body))).toMatchObject({
      code: 'unauthenticated',
      reason: 'invalid_api_key',
      message: body.Message,
    });
  });

  test.each([
    ['User: arn:aws:iam::1:user/x is not authorized to perform: bedrock:InvokeModel', true],
    ['Authentication failed: Please make sure your API Key is valid.', true],
    ['Bearer Token has expired', true],
    ["You don't have access to the model with the specified model ID.", false],
  ])('an access that is denied is the key or the model: %s', (message, isKey) => {
    const headers = { 'x-amzn-errortype': 'AccessDeniedException' };
    const { code } = decoded(403, JSON.stringify({ message }), headers);
    expect(code).toBe(isKey ? 'unauthenticated' : 'permission_denied');
  });

  test('finds what a validation error says in words', () => {
    const headers = { 'x-amzn-errortype': 'ValidationException' };
    expect(
      decoded(400, '{"message":"Input is too long for requested model."}', headers),
    ).toMatchObject({ code: 'invalid_argument', reason: 'context_length_exceeded' });
    expect(
      decoded(400, '{"message":"The provided model identifier is invalid."}', headers),
    ).toMatchObject({ code: 'not_found', reason: 'model_not_found' });
  });

  test('copes with HTML, nothing and garbage', () => {
    expect(decoded(502, '<html>Bad gateway</html>')).toMatchObject({
      code: 'unavailable',
      retryable: true,
      message: 'the provider answered with HTTP status 502',
    });
    for (const body of ['', 'null', '[]', '{"message":7}', '"x"']) {
      expect(decoded(400, body).code).toBe('invalid_argument');
    }
  });

  test('caps the message and reads a wait in milliseconds', () => {
    const error = decoded(500, JSON.stringify({ message: 'x'.repeat(9_000) }), {
      'retry-after-ms': '250',
    });
    expect(error.message).toHaveLength(2_000);
    expect(error.retryAfterMs).toBe(250);
  });
});

test('encodeError is read back by decodeError', () => {
  for (const code of [
    'invalid_argument',
    'resource_exhausted',
    'unavailable',
    'internal',
  ] as const) {
    const { status, body } = encodeError(apiError(code, 'so it is'), 'r');
    expect(decoded(status, JSON.stringify(body))).toMatchObject({ code, message: 'so it is' });
  }
});

test('errorOfFrame knows exceptions from events', () => {
  expect(errorOfFrame({ event: 'contentBlockDelta', data: '{}' })).toBeUndefined();
  const error = errorOfFrame({ event: 'modelStreamErrorException', data: '{"message":"m"}' });
  expect(error?.code).toBe('internal');
  expect(error?.retryable).toBe(true);
  expect(errorOfFrame({ event: 'newException', data: '<' })?.message).toContain('newException');
});

test('scanUsage adds what metadata says and nothing else', () => {
  const usage = { input: 0, output: 0 };
  scanUsage({ event: 'contentBlockDelta', data: '{"usage":{"inputTokens":9}}' }, usage);
  scanUsage({ event: 'metadata', data: '{"usage":' }, usage);
  expect(usage).toEqual({ input: 0, output: 0 });
  scanUsage(
    {
      event: 'metadata',
      data: '{"usage":{"inputTokens":5,"outputTokens":2,"totalTokens":10,"cacheReadInputTokens":3}}',
    },
    usage,
  );
  expect(usage).toEqual({ input: 8, output: 2, cachedInput: 3 } as typeof usage);
});

test('there is no event encoder', () => {
  const context = { model: 'm', request: {}, responseId: 'r', createdAtMs: 0 };
  expect(() => bedrockConverseDialect.createEventEncoder(context)).toThrow('not to callers');
});
