import { describe, expect, test } from 'bun:test';
import { apiErrorInfo } from '../../neutral/api-error.ts';
import { ollamaDialect } from './index.ts';

const { decodeError, errorOfFrame, scanUsage, usageMark } = ollamaDialect;

function decoded(status: number, body: string, headers: Record<string, string> = {}) {
  const error = decodeError(status, new Headers(headers), body);
  const { refusal: _, ...info } = apiErrorInfo(error);
  return { code: error.code, retryable: error.retryable, message: error.message, ...info };
}

describe('decodeError', () => {
  test('tells a missing model and a full context from other faults', () => {
    expect(decoded(404, '{"error":"model \'x\' not found"}')).toMatchObject({
      code: 'not_found',
      reason: 'model_not_found',
      message: "model 'x' not found",
    });
    expect(decoded(400, '{"error":"the input length exceeds the context length"}')).toMatchObject({
      code: 'invalid_argument',
      reason: 'context_length_exceeded',
    });
    expect(decoded(429, '{"error":"slow"}', { 'retry-after': '2' })).toMatchObject({
      code: 'resource_exhausted',
      reason: 'rate_limit_exceeded',
      retryAfterMs: 2_000,
    });
  });

  test('copes with HTML, nothing, garbage and other shapes', () => {
    expect(decoded(502, '<html>').message).toBe('the provider answered with HTTP status 502');
    for (const body of ['', 'null', '[]', '{"error":7}']) {
      expect(decoded(500, body).code).toBe('internal');
    }
    expect(decoded(500, '{"error":{"message":"m"}}').message).toBe('m');
    expect(decoded(500, JSON.stringify({ error: 'x'.repeat(9_000) })).message).toHaveLength(2_000);
  });
});

test('errorOfFrame knows errors from text about errors', () => {
  const frame = (value: unknown) => ({ event: '', data: JSON.stringify(value) });
  expect(errorOfFrame(frame({ message: { content: '"error"' } }))).toBeUndefined();
  expect(errorOfFrame(frame({ error: 'oh no' }))?.message).toBe('oh no');
});

test('scanUsage reads the last record, which has the mark', () => {
  const usage = { input: 0, output: 0 };
  const data = '{"done":true,"prompt_eval_count":5,"eval_count":3}';
  expect(data).toContain(usageMark);
  scanUsage({ event: '', data }, usage);
  scanUsage({ event: '', data: '{"eval_count":' }, usage);
  expect(usage).toEqual({ input: 5, output: 3 });
});
