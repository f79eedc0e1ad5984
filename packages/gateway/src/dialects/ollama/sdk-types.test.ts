import { expect, test } from 'bun:test';
import type {
  ChatRequest as SdkChatRequest,
  ChatResponse as SdkChatResponse,
  EmbedRequest as SdkEmbedRequest,
  GenerateRequest as SdkGenerateRequest,
  Logprob as SdkLogprob,
  Message as SdkMessage,
  Tool as SdkTool,
} from 'ollama';
import {
  chatRequest,
  embedRequest,
  generateRequest,
  type OllamaLogprob,
  type OllamaMessage,
  type OllamaMetrics,
  type OllamaTool,
} from './types.ts';

type Fits<Ours, Theirs> = Ours extends Theirs ? true : { ours: Ours; theirs: Theirs };

test('what is encoded is of the types of the SDK', () => {
  const message: Fits<OllamaMessage, SdkMessage> = true;
  const metrics: Fits<OllamaMetrics, Pick<SdkChatResponse, keyof OllamaMetrics>> = true;
  const tool: Fits<OllamaTool['type'], SdkTool['type']> = true;
  const logprob: Fits<OllamaLogprob, SdkLogprob> = true;
  expect([message, metrics, tool, logprob]).not.toContain(false);
});

test('what the SDK can send is accepted', () => {
  const chat = {
    model: 'm',
    messages: [
      { role: 'user', content: 'hi', images: ['aGk='] },
      {
        role: 'assistant',
        content: '',
        thinking: 'hm',
        tool_calls: [{ function: { name: 'f', arguments: {} } }],
      },
      { role: 'tool', content: '1', tool_name: 'f' },
    ],
    tools: [{ type: 'function', function: { name: 'f', parameters: { required: [] } } }],
    format: 'json',
    keep_alive: 0,
    think: 'low',
    logprobs: true,
    top_logprobs: 3,
    options: { num_predict: -1, mirostat: 1, stop: [] },
  } satisfies SdkChatRequest;
  const generate = {
    model: 'm',
    prompt: 'p',
    suffix: 's',
    context: [1],
    raw: true,
    width: 9,
  } satisfies SdkGenerateRequest;
  const embed = { model: 'm', input: ['a'], truncate: true } satisfies SdkEmbedRequest;
  expect(chatRequest().safeParse(chat).error).toBeUndefined();
  expect(generateRequest().safeParse(generate).error).toBeUndefined();
  expect(embedRequest().safeParse(embed).error).toBeUndefined();
});
