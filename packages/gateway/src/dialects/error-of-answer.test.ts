import { expect, test } from 'bun:test';
import { RpcError } from '@zeke/rpc';
import fc from 'fast-check';
import { type DialectName, dialectNames } from '../neutral/dialect-name.ts';
import type { JsonObject } from './dialect.ts';
import { dialects } from './index.ts';

/** Of each dialect: the least that is an answer, and one that is an error with these words. */
const examples: Record<
  DialectName,
  { good: JsonObject[]; error?: (message: string) => JsonObject }
> = {
  'openai-chat': {
    good: [{ choices: [{ index: 0, message: {} }] }, { choices: [{ text: 'x' }], usage: null }],
    error: (message) => ({ error: { message, code: 502 } }),
  },
  'openai-responses': {
    good: [{ output: [] }, { status: 'queued', output: [], error: null }],
    error: (message) => ({
      status: 'failed',
      output: [],
      error: { code: 'server_error', message },
    }),
  },
  'anthropic-messages': {
    good: [{ type: 'message', content: [] }],
    error: (message) => ({ type: 'error', error: { type: 'api_error', message } }),
  },
  gemini: {
    good: [{ candidates: [] }, { promptFeedback: { blockReason: 'SAFETY' } }],
    error: (message) => ({ error: { code: 500, message, status: 'INTERNAL' } }),
  },
  ollama: {
    good: [{ message: { role: 'assistant', content: '' } }, { response: '' }],
    error: (error) => ({ error }),
  },
  'bedrock-converse': { good: [{ output: { message: { content: [] } } }] },
};

test.each(dialectNames)('%s: an answer is known by the field that holds it', (name) => {
  const { errorOfAnswer } = dialects[name];
  const { error, good } = examples[name];
  for (const answer of good) {
    expect(errorOfAnswer(answer)).toBeUndefined();
    for (const [field, value] of Object.entries(answer)) {
      if (typeof value !== 'object' || value === null) continue;
      for (const other of ['no', 7, true, null]) {
        const broken = errorOfAnswer({ ...answer, [field]: other });
        expect(broken).toMatchObject({ code: 'data_loss', retryable: true });
      }
    }
  }
  for (const garbage of [{}, [], null, 'text', 7, { object: 'list', data: [] }]) {
    expect(errorOfAnswer(garbage)).toMatchObject({ code: 'data_loss', retryable: true });
  }
  if (error) expect(errorOfAnswer(error('it broke'))).toMatchObject({ message: 'it broke' });
});

test.each(dialectNames)('%s: whatever is no answer is not decoded as one', (name) => {
  const { decodeResponse, errorOfAnswer } = dialects[name];
  fc.assert(
    fc.property(fc.jsonValue(), (body) => {
      if (errorOfAnswer(body)) expect(() => decodeResponse(body)).toThrow(RpcError);
    }),
  );
});
