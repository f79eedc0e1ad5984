import { describe, expect, test } from 'bun:test';
import type { RpcError } from '@zeke/rpc';
import { apiErrorInfo } from '../../neutral/api-error.ts';
import type { CompletionRequest } from '../../neutral/completion.ts';
import {
  decodeEmbeddingsRequest,
  decodeEmbedRequest,
  decodeEmbedResponse,
  decodeGenerateRequest,
  decodeGenerateResponse,
  decodeTags,
  encodeEmbedRequest,
  encodeGenerateRequest,
  encodeGenerateResponse,
  loadAnswer,
  untranslatable,
} from './index.ts';

const completion: CompletionRequest = {
  model: 'm',
  prompt: 'def f(',
  suffix: '  return 1',
  stream: true,
  extensions: { dialect: 'openai-chat', fields: {} },
};
const target = { model: 'codellama' };

describe('/api/generate', () => {
  test('a suffix makes a completion, and comes back as it was', () => {
    const body = {
      model: 'm',
      prompt: 'a',
      suffix: 'b',
      system: 's',
      stream: true,
      options: { num_predict: 5, num_ctx: 9 },
    };
    const decoded = decodeGenerateRequest(body);
    if (decoded.kind !== 'completion') throw new Error('no completion');
    expect(decoded.request).toEqual({
      model: 'm',
      prompt: 'a',
      suffix: 'b',
      maxOutputTokens: 5,
      stream: true,
      extensions: { dialect: 'ollama', fields: { system: 's', options: { num_ctx: 9 } } },
    });
    expect(encodeGenerateRequest(decoded.request, { model: 'm' })).toEqual({ body, notes: [] });
  });

  test('a raw prompt is a completion, and stays raw', () => {
    const decoded = decodeGenerateRequest({ model: 'm', prompt: 'a', raw: true });
    if (decoded.kind !== 'completion') throw new Error('no completion');
    expect(encodeGenerateRequest(decoded.request, target).body).toMatchObject({ raw: true });
  });

  test('a completion of another dialect goes out without a template, or around its gap', () => {
    expect(encodeGenerateRequest({ ...completion, maxOutputTokens: 5, user: 'u' }, target)).toEqual(
      {
        body: {
          model: 'codellama',
          prompt: 'def f(',
          suffix: '  return 1',
          stream: true,
          options: { num_predict: 5 },
        },
        notes: [{ field: 'user', action: 'dropped' }],
      },
    );
    const { suffix: _, ...plain } = completion;
    expect(encodeGenerateRequest(plain, target).body).toEqual({
      model: 'codellama',
      prompt: 'def f(',
      raw: true,
      stream: true,
    });
  });

  test('what would change the answer is refused', () => {
    for (const fields of [{ choiceCount: 2 }, { echo: true }]) {
      try {
        encodeGenerateRequest({ ...completion, ...fields }, target);
        throw new Error('not refused');
      } catch (error) {
        expect(apiErrorInfo(error as RpcError).param).toBe(Object.keys(fields)[0]!);
      }
    }
  });

  test('a context can only go to an Ollama', () => {
    const request = (fields: object) =>
      decodeGenerateRequest({ model: 'm', prompt: 'a', ...fields }).request;
    expect(untranslatable(request({}))).toBeUndefined();
    for (const field of ['context', 'template']) {
      const error = untranslatable(request({ [field]: field === 'context' ? [1] : '{{ .P }}' }));
      expect(error?.code).toBe('invalid_argument');
      expect(apiErrorInfo(error!).param).toBe(field);
    }
  });

  test('a completion is told as a response, and read back', () => {
    const context = { model: 'm', request: {}, responseId: '', createdAtMs: 0 };
    const body = encodeGenerateResponse(
      {
        id: '',
        model: 'm',
        createdAtMs: 0,
        choices: [{ text: 'x):', finishReason: 'length' }],
        usage: { input: 3, output: 2 },
      },
      context,
    );
    expect(body).toMatchObject({ response: 'x):', done: true, done_reason: 'length' });
    expect(decodeGenerateResponse(body)).toMatchObject({
      choices: [{ parts: [{ type: 'text', text: 'x):' }], finishReason: 'length' }],
      usage: { input: 3, output: 2 },
    });
  });
});

test('a request for nothing loads or unloads the model', () => {
  expect(loadAnswer({ model: 'm', prompt: 'a' }, 'generate', 0)).toBeUndefined();
  expect(loadAnswer({ model: 'm', images: ['a'] }, 'generate', 0)).toBeUndefined();
  expect(loadAnswer({ messages: [] }, 'chat', 0)).toBeUndefined();
  expect(loadAnswer({ model: 'm', prompt: '' }, 'generate', 0)).toEqual({
    model: 'm',
    created_at: '1970-01-01T00:00:00.000Z',
    response: '',
    done: true,
    done_reason: 'load',
  });
  for (const keep_alive of [0, '0', '0s']) {
    expect(loadAnswer({ model: 'm', messages: [], keep_alive }, 'chat', 0)).toMatchObject({
      message: { role: 'assistant', content: '' },
      done_reason: 'unload',
    });
  }
  expect(loadAnswer({ model: 'm', keep_alive: '10m' }, 'chat', 0)?.done_reason).toBe('load');
});

describe('embeddings', () => {
  test('both endpoints are decoded, and one is encoded', () => {
    const request = decodeEmbedRequest({ model: 'e', input: ['a', 'b'], truncate: true });
    expect(request).toEqual({
      model: 'e',
      inputs: ['a', 'b'],
      extensions: { dialect: 'ollama', fields: { truncate: true } },
    });
    expect(encodeEmbedRequest({ ...request, dimensions: 8, title: 't' }, { model: 'x' })).toEqual({
      body: { truncate: true, model: 'x', input: ['a', 'b'], dimensions: 8 },
      notes: [{ field: 'title', action: 'dropped' }],
    });
    expect(decodeEmbeddingsRequest({ model: 'e', prompt: 'a' }).inputs).toEqual(['a']);
    expect(() => encodeEmbedRequest({ ...request, inputs: [[1]] }, target)).toThrow('inputs[0]');
  });

  test('an answer has vectors or is data loss', () => {
    expect(decodeEmbedResponse({ model: 'e', embeddings: [[1]], prompt_eval_count: 2 })).toEqual({
      model: 'e',
      vectors: [[1]],
      usage: { input: 2, output: 0 },
    });
    for (const body of [null, {}, { embeddings: [1] }]) {
      expect(() => decodeEmbedResponse(body)).toThrow('without vectors');
    }
  });
});

test('decodeTags reads what a provider lists', () => {
  const body = {
    models: [
      {
        name: 'qwen3:8b',
        model: 'qwen3:8b',
        modified_at: '2026-01-02T03:04:05.678901+02:00',
        details: { family: 'qwen3', context_length: 40_960 },
        capabilities: ['completion', 'tools', 'thinking'],
      },
      { name: 'nomic-embed-text:latest', capabilities: ['embedding'] },
      null,
      { name: 7 },
    ],
  };
  const [first, second] = body.models;
  expect(decodeTags(body)).toEqual([
    {
      id: 'qwen3:8b',
      tag: first as never,
      createdAtMs: Date.UTC(2026, 0, 2, 1, 4, 5, 678),
      ownedBy: 'qwen3',
      contextTokens: 40_960,
      kinds: ['chat'],
      abilities: ['tools', 'thinking', 'structured'],
    },
    { id: 'nomic-embed-text:latest', tag: second as never, kinds: ['embeddings'] },
  ]);
  expect(decodeTags('<html>')).toEqual([]);
});
