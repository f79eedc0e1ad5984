import { expect, test } from 'bun:test';
import { RpcError } from '@zeke/rpc';
import { apiError, apiErrorInfo } from '../neutral/api-error.ts';
import { inCallersWords } from './callers-words.ts';
import type { TranslationNote } from './dialect.ts';
import { dialects } from './index.ts';
import { requestFault } from './parse-request.ts';

test('notes name what the caller wrote; one field of the caller is named once', () => {
  const given: TranslationNote[] = [
    { field: 'reasoning.enabled', action: 'dropped' },
    { field: 'reasoning.budgetTokens', action: 'mapped', how: 'as an effort' },
    { field: 'topK', action: 'dropped' },
    { field: 'safetySettings', action: 'dropped' },
  ];
  const encoded = { body: 'as it was', notes: given };
  const { body, notes } = inCallersWords('gemini', undefined, () => encoded);
  expect(body).toBe('as it was');
  expect(notes).toEqual([
    {
      field: 'generationConfig.thinkingConfig.thinkingBudget',
      action: 'mapped',
      how: 'as an effort',
    },
    { field: 'generationConfig.topK', action: 'dropped' },
    { field: 'safetySettings', action: 'dropped' },
  ]);
});

test('a refusal names what the caller wrote, in its message too, and stays what it is', () => {
  const error = thrownBy(() =>
    inCallersWords('openai-chat', { n: 2 }, () => {
      throw requestFault('choiceCount', 'the provider gives one answer a request');
    }),
  );
  expect(error.code).toBe('invalid_argument');
  expect(error.message).toBe('n: the provider gives one answer a request');
  expect(apiErrorInfo(error).param).toBe('n');
});

test('what a provider says of its own fields is left as it said it', () => {
  const told = apiError('invalid_argument', 'stop: too many', { param: 'stop', provider: 'p' });
  const error = thrownBy(() =>
    inCallersWords('anthropic-messages', {}, () => {
      throw told;
    }),
  );
  expect(error).toBe(told);
});

test('of a model that takes no effort, a budget to think is dropped and not mapped as well', () => {
  const request = dialects['anthropic-messages'].decodeRequest(
    {
      model: 'm',
      max_tokens: 4000,
      thinking: { type: 'enabled', budget_tokens: 2000 },
      messages: [{ role: 'user', content: 'Hello' }],
    },
    {},
  );
  for (const name of ['openai-chat', 'openai-responses'] as const) {
    const { notes } = inCallersWords('anthropic-messages', undefined, () =>
      dialects[name].encodeRequest(request, { model: 'gpt-4.1' }),
    );
    expect(notes).toEqual([{ field: 'thinking', action: 'dropped' }]);
  }
});

function thrownBy(run: () => unknown): RpcError {
  try {
    run();
  } catch (error) {
    if (error instanceof RpcError) return error;
  }
  throw new Error('no RpcError was thrown');
}
