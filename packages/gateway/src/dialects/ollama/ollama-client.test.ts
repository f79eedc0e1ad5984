import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type ChatResponse as ClientChatResponse, Ollama } from 'ollama';
import { apiError } from '../../neutral/api-error.ts';
import type { ChatEvent } from '../../neutral/chat-event.ts';
import type { ChatResponse } from '../../neutral/chat-response.ts';
import { replayResponse } from '../../neutral/replay-response.ts';
import {
  createGenerateEventEncoder,
  decodeEmbedRequest,
  decodeGenerateRequest,
  encodeEmbeddingsResponse,
  encodeEmbedResponse,
  encodeGenerateResponse,
  encodeRunning,
  encodeShow,
  encodeTags,
  encodeVersion,
  ollamaDialect,
} from './index.ts';

const context = { model: 'm', request: {}, responseId: 'r', createdAtMs: 1_700_000_000_000 };
const response: ChatResponse = {
  id: '',
  model: 'm',
  createdAtMs: context.createdAtMs,
  choices: [
    {
      parts: [
        { type: 'reasoning', text: 'Let me see' },
        { type: 'text', text: 'Regen 🌧' },
        { type: 'tool-call', id: 'c1', name: 'weather', arguments: '{"city":"Wien"}' },
      ],
      finishReason: 'tool-calls',
      logprobs: [{ token: 'Regen', logprob: -0.5 }],
    },
  ],
  usage: { input: 12, output: 7 },
};

/** What the server of this file got last, and what it gives next. */
let received: { path: string; body: unknown } | undefined;
let answer: () => Response;
let server: ReturnType<typeof Bun.serve>;
let client: Ollama;

beforeAll(() => {
  server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: async (incoming) => {
      const body = incoming.method === 'POST' ? await incoming.json() : undefined;
      received = { path: new URL(incoming.url).pathname, body };
      return answer();
    },
  });
  client = new Ollama({ host: `http://127.0.0.1:${server.port}` });
});

afterAll(() => server.stop(true));

function stream(events: ChatEvent[], encoder = ollamaDialect.createEventEncoder(context)) {
  const text = events.map((event) => encoder.push(event)).join('');
  return new Response(text, { headers: { 'content-type': ollamaDialect.contentType.stream } });
}

describe('the ollama client', () => {
  test('sends a chat that is understood, and reads a stream of it', async () => {
    answer = () => stream(replayResponse(response));
    const chunks: ClientChatResponse[] = [];
    const answers = await client.chat({
      model: 'm',
      stream: true,
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Look', images: [new Uint8Array([137, 80, 78, 71])] },
      ],
      think: 'high',
      format: { type: 'object' },
      tools: [{ type: 'function', function: { name: 'weather', parameters: { type: 'object' } } }],
      options: { num_predict: 9, num_ctx: 4096, stop: ['END'] },
      keep_alive: '5m',
    });
    for await (const chunk of answers) chunks.push(chunk);

    expect(ollamaDialect.decodeRequest(received?.body, {})).toEqual({
      model: 'm',
      system: [{ type: 'text', text: 'Be brief.' }],
      messages: [
        {
          role: 'user',
          parts: [
            { type: 'text', text: 'Look' },
            {
              type: 'image',
              source: { kind: 'base64', mediaType: 'image/png', data: 'iVBORw==' },
            },
          ],
        },
      ],
      tools: [{ name: 'weather', parameters: { type: 'object' } }],
      responseFormat: { type: 'json-schema', schema: { type: 'object' } },
      reasoning: { effort: 'high' },
      maxOutputTokens: 9,
      stop: ['END'],
      stream: true,
      extensions: {
        dialect: 'ollama',
        fields: { keep_alive: '5m', options: { num_ctx: 4096 } },
      },
    });
    expect(chunks.map((chunk) => chunk.message)).toEqual([
      { role: 'assistant', content: '', thinking: 'Let me see' },
      { role: 'assistant', content: 'Regen 🌧' },
      {
        role: 'assistant',
        content: '',
        tool_calls: [
          { id: 'c1', function: { index: 0, name: 'weather', arguments: { city: 'Wien' } } },
        ] as never,
      },
      { role: 'assistant', content: '' },
    ]);
    expect(chunks[1]?.logprobs).toEqual([{ token: 'Regen', logprob: -0.5 }]);
    expect(chunks.map((chunk) => chunk.done)).toEqual([false, false, false, true]);
    expect(chunks.at(-1)).toMatchObject({
      done_reason: 'stop',
      prompt_eval_count: 12,
      eval_count: 7,
      load_duration: 0,
    });
    expect(chunks.at(-1)?.eval_duration).toBeGreaterThan(0);
    expect(chunks[0]?.created_at).toEqual(new Date(context.createdAtMs).toISOString() as never);
  });

  test('reads a whole chat', async () => {
    answer = () => Response.json(ollamaDialect.encodeResponse(response, context));
    const result = await client.chat({ model: 'm', messages: [{ role: 'user', content: 'hi' }] });
    expect(result.message).toMatchObject({
      role: 'assistant',
      content: 'Regen 🌧',
      thinking: 'Let me see',
    });
    expect(result.done).toBe(true);
    expect(result.total_duration).toBeGreaterThan(0);
    expect(ollamaDialect.decodeRequest(received?.body, {}).stream).toBe(false);
  });

  test('throws what an error in a stream, and an error answer, says', async () => {
    const error = apiError('resource_exhausted', 'too fast');
    answer = () =>
      stream([
        { type: 'response-start', id: 'a', model: 'm', createdAtMs: 0 },
        { type: 'error', error },
      ]);
    const chat = { model: 'm', messages: [{ role: 'user', content: 'hi' }] };
    const answers = await client.chat({ ...chat, stream: true });
    await expect(answers[Symbol.asyncIterator]().next()).rejects.toThrow('too fast');
    answer = () => {
      const { status, body } = ollamaDialect.encodeError(error, 'r');
      return Response.json(body, { status });
    };
    await expect(client.chat(chat)).rejects.toMatchObject({ status_code: 429, error: 'too fast' });
  });

  test('generates, whole and streamed', async () => {
    answer = () => Response.json(encodeGenerateResponse(response, context));
    const whole = await client.generate({ model: 'm', prompt: 'hi', system: 's' });
    expect(whole).toMatchObject({ response: 'Regen 🌧', thinking: 'Let me see', done: true });
    expect(decodeGenerateRequest(received?.body)).toMatchObject({
      kind: 'chat',
      request: {
        system: [{ type: 'text', text: 's' }],
        messages: [{ role: 'user', parts: [{ type: 'text', text: 'hi' }] }],
        stream: false,
      },
    });
    answer = () => stream(replayResponse(response), createGenerateEventEncoder(context));
    let text = '';
    for await (const chunk of await client.generate({ model: 'm', prompt: 'hi', stream: true })) {
      text += chunk.response;
      expect(chunk).not.toHaveProperty('message');
    }
    expect(text).toBe('Regen 🌧');
  });

  test('embeds', async () => {
    const vectors = { model: 'e', vectors: [[1, 2]], usage: { input: 3, output: 0 } };
    answer = () => Response.json(encodeEmbedResponse(vectors, context));
    const result = await client.embed({ model: 'e', input: 'a', dimensions: 2 });
    expect(result).toMatchObject({ model: 'm', embeddings: [[1, 2]], prompt_eval_count: 3 });
    expect(decodeEmbedRequest(received?.body)).toMatchObject({ inputs: ['a'], dimensions: 2 });
    answer = () => Response.json(encodeEmbeddingsResponse(vectors));
    const older = await client.embeddings({ model: 'e', prompt: 'a' });
    expect(older.embedding).toEqual([1, 2]);
  });

  test('lists and shows models', async () => {
    const model = {
      id: 'openai/gpt-5',
      ownedBy: 'openai',
      createdAtMs: 1_700_000_000_000,
      contextTokens: 400_000,
    };
    answer = () => Response.json(encodeTags([model]));
    const { models } = await client.list();
    expect(models[0]).toMatchObject({ name: 'openai/gpt-5', model: 'openai/gpt-5' });
    expect(models[0]?.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(models[0]).toMatchObject({ capabilities: ['completion'] } as never);
    const entry = { name: 'llama3:8b', model: 'llama3:8b', size_vram: 5 };
    answer = () => Response.json(encodeRunning([{ id: 'local/llama3:8b', entry }]));
    expect((await client.ps()).models).toEqual([
      { name: 'local/llama3:8b', model: 'local/llama3:8b', size_vram: 5 } as never,
    ]);
    answer = () => Response.json(encodeShow({ ...model, abilities: ['tools'] }));
    const shown = await client.show({ model: model.id });
    expect(shown.capabilities).toEqual(['completion', 'tools']);
    expect(shown.model_info).toMatchObject({ 'openai.context_length': 400_000 } as never);
    answer = () => Response.json(encodeVersion());
    expect((await client.version()).version).toMatch(/^\d+\.\d+\.\d+$/);
  });
});
