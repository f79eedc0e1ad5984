import { z } from 'zod';
import type { ChatResponse } from '../../neutral/chat-response.ts';
import type { CompletionRequest, CompletionResponse } from '../../neutral/completion.ts';
import type {
  EncodedRequest,
  EncodeRequestContext,
  EncodeResponseContext,
  EventDecoder,
  JsonObject,
} from '../dialect.ts';
import { lazily, type OutputOf } from '../lazily.ts';
import { parseRequest, requestFault } from '../parse-request.ts';
import { TranslationNotes } from '../translation-notes.ts';
import { ChunkDecoder, decodeWhole } from './chunk-decoder.ts';
import { compact } from './compact.ts';
import { completionFinishName, completionTextId } from './completion-events.ts';
import { completionLogprobs, logprobsOfCompletion } from './completion-logprobs.ts';
import { filledText, type ProviderChoice, recordOf } from './provider-answer.ts';
import { resolveQuirks } from './quirks.ts';
import { usageRecord } from './usage.ts';

/**
 * The body of `POST /v1/completions`. Parameters beyond these pass through.
 * Source: https://developers.openai.com/api/reference/resources/completions
 */
export const completionRequest = lazily(() =>
  z
    .looseObject({
      model: z.string().min(1),
      prompt: z
        .union([z.string(), z.array(z.string()), z.array(z.int()), z.array(z.array(z.int()))])
        .nullish()
        .describe('A text. Several, and token ids, only reach providers with this very endpoint.'),
      suffix: z.string().nullish().describe('The text after the gap: fill in the middle.'),
      max_tokens: z.int().nullish(),
      temperature: z.number().nullish(),
      top_p: z.number().nullish(),
      top_k: z.number().nullish(),
      stop: z.union([z.string(), z.array(z.string())]).nullish(),
      n: z.int().min(1).max(128).nullish(),
      seed: z.int().nullish(),
      presence_penalty: z.number().nullish(),
      frequency_penalty: z.number().nullish(),
      echo: z.boolean().nullish(),
      best_of: z.int().nullish(),
      logprobs: z.int().nullish().describe('How many alternatives a token to tell.'),
      logit_bias: z.record(z.string(), z.number()).nullish(),
      stream: z.boolean().nullish(),
      stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
      user: z.string().nullish(),
    })
    .meta({ id: 'CompletionRequest', title: 'OpenAI completion request' }),
);

/** Checked like the others, but of this endpoint only: the neutral form has no place for them. */
const ownFields: ReadonlySet<string> = new Set(['best_of', 'logprobs', 'logit_bias']);
const knownFields = lazily(
  () => new Set(Object.keys(completionRequest().shape).filter((name) => !ownFields.has(name))),
);

/**
 * The body of `POST /v1/completions` in the neutral form, for a provider that has no such endpoint
 * of OpenAI's making. Throws `invalid_argument` for several prompts and for token ids.
 */
export function decodeCompletionRequest(body: unknown): CompletionRequest {
  const request = parseRequest(completionRequest, body);
  const known = knownFields();
  return compact({
    model: request.model,
    prompt: onePrompt(request.prompt),
    suffix: request.suffix,
    maxOutputTokens: request.max_tokens,
    temperature: request.temperature,
    topP: request.top_p,
    topK: request.top_k,
    stop: typeof request.stop === 'string' ? [request.stop] : request.stop,
    choiceCount: request.n,
    seed: request.seed,
    presencePenalty: request.presence_penalty,
    frequencyPenalty: request.frequency_penalty,
    echo: request.echo,
    stream: request.stream ?? false,
    streamUsage: request.stream_options?.include_usage,
    user: request.user,
    extensions: {
      dialect: 'openai-chat' as const,
      fields: Object.fromEntries(Object.entries(request).filter(([name]) => !known.has(name))),
    },
  });
}

function onePrompt(prompt: OutputOf<typeof completionRequest>['prompt']): string {
  if (prompt == null) return '';
  if (typeof prompt === 'string') return prompt;
  const [first] = prompt;
  if (first !== undefined && typeof first !== 'string') {
    throw requestFault('prompt', 'token ids mean nothing to this provider; send text');
  }
  if (prompt.length > 1) {
    throw requestFault('prompt', 'this provider takes one prompt a request; send them one by one');
  }
  return first ?? '';
}

/** The body for a provider with this endpoint. */
export function encodeCompletionRequest(
  request: CompletionRequest,
  context: EncodeRequestContext,
): EncodedRequest {
  const notes = new TranslationNotes();
  const { dialect, fields } = request.extensions;
  const isOwn = dialect === 'openai-chat';
  const knowsTopK = isOwn || resolveQuirks(context.quirks).topK;
  if (request.topK !== undefined && !knowsTopK) notes.dropped('topK');
  if (!isOwn) for (const name of Object.keys(fields)) notes.dropped(name);
  const body: JsonObject = compact({
    ...(isOwn ? fields : {}),
    model: context.model,
    prompt: request.prompt,
    suffix: request.suffix,
    max_tokens: request.maxOutputTokens,
    temperature: request.temperature,
    top_p: request.topP,
    top_k: knowsTopK ? request.topK : undefined,
    stop: request.stop,
    n: request.choiceCount,
    seed: request.seed,
    presence_penalty: request.presencePenalty,
    frequency_penalty: request.frequencyPenalty,
    echo: request.echo,
    stream: request.stream || undefined,
    stream_options:
      request.stream && request.streamUsage !== undefined
        ? { include_usage: request.streamUsage }
        : undefined,
    user: request.user,
  });
  return { body, notes: notes.list };
}

/**
 * Reads a provider's stream of `text_completion` records. The neutral form of a streamed completion
 * is `ChatEvent`, with one text part a choice.
 */
export function createCompletionEventDecoder(): EventDecoder {
  return new ChunkDecoder(chatChoiceOf);
}

/** A whole answer. Throws what its `error` says, and `data_loss` for what is no answer. */
export function decodeCompletionResponse(body: unknown): CompletionResponse {
  return completionOfChat(decodeWhole(body, chatChoiceOf));
}

/**
 * What a chat's answer is as a completion: the text, and a refusal's text, of each choice. A model's
 * thoughts are not part of the text it goes on with, and are left out.
 */
export function completionOfChat(response: ChatResponse): CompletionResponse {
  return {
    ...response,
    choices: response.choices.map(({ parts, finishReason, logprobs }) => ({
      text: parts
        .map((part) => (part.type === 'text' || part.type === 'refusal' ? part.text : ''))
        .join(''),
      finishReason,
      ...(logprobs ? { logprobs } : {}),
    })),
  };
}

/** A whole answer, the twin of `createCompletionEventEncoder`. */
export function encodeCompletionResponse(
  response: CompletionResponse,
  context: EncodeResponseContext,
): JsonObject {
  return { ...textCompletionOf(response, context) };
}

export function textCompletionOf(response: CompletionResponse, context: EncodeResponseContext) {
  return {
    id: completionTextId(response.id, context),
    object: 'text_completion' as const,
    created: Math.floor(response.createdAtMs / 1000),
    model: context.model,
    choices: response.choices.map(({ text, finishReason, logprobs }, index) => ({
      text,
      index,
      logprobs: logprobs ? completionLogprobs(logprobs, 0) : null,
      finish_reason: completionFinishName(finishReason),
    })),
    ...(response.usage ? { usage: usageRecord(response.usage) } : {}),
  };
}

function chatChoiceOf(value: unknown): ProviderChoice {
  const choice = recordOf<{
    index: unknown;
    text: unknown;
    logprobs: unknown;
    finish_reason: unknown;
    stop_reason: unknown;
  }>(value);
  return {
    index: choice.index,
    delta: { content: filledText(choice.text) },
    logprobs: logprobsOfCompletion(choice.logprobs),
    finish_reason: choice.finish_reason,
    stop_reason: choice.stop_reason,
  };
}
