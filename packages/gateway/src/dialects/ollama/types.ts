import { z } from 'zod';
import { lazily, type OutputOf } from '../lazily.ts';

/** Model parameters of a request. What is not named here goes on as it is. */
const options = lazily(() =>
  z
    .looseObject({
      num_predict: z.int().nullish().describe('Most tokens to make; -1: no limit.'),
      temperature: z.number().nullish(),
      top_p: z.number().nullish(),
      top_k: z.int().nullish(),
      seed: z.int().nullish(),
      stop: z.union([z.array(z.string()), z.string()]).nullish(),
      presence_penalty: z.number().nullish(),
      frequency_penalty: z.number().nullish(),
    })
    .nullish(),
);

const think = lazily(() =>
  z
    .union([z.boolean(), z.enum(['low', 'medium', 'high', 'max'])])
    .nullish()
    .describe('Whether, or how hard, the model thinks before it answers.'),
);

const format = lazily(() =>
  z
    .union([z.enum(['json', '']), z.record(z.string(), z.unknown())])
    .nullish()
    .describe('`json`, or a JSON Schema that the answer has to fit.'),
);

const keepAlive = lazily(() =>
  z
    .union([z.string(), z.number()])
    .nullish()
    .describe('How long the model stays loaded: seconds, or a duration like `5m`.'),
);

const images = lazily(() => z.array(z.string()).nullish().describe('Images in base64.'));

const message = lazily(() =>
  z.looseObject({
    role: z
      .string()
      .transform((role) => role.toLowerCase())
      .pipe(z.enum(['system', 'user', 'assistant', 'tool'])),
    content: z.string().nullish(),
    thinking: z.string().nullish(),
    images: images(),
    tool_calls: z
      .array(
        z.looseObject({
          id: z.string().nullish(),
          function: z.looseObject({
            name: z.string(),
            arguments: z.record(z.string(), z.unknown()).nullish(),
          }),
        }),
      )
      .nullish(),
    tool_name: z.string().nullish(),
    tool_call_id: z.string().nullish(),
  }),
);

const tool = lazily(() =>
  z.looseObject({
    type: z.string().nullish(),
    function: z.looseObject({
      name: z.string(),
      description: z.string().nullish(),
      parameters: z.record(z.string(), z.unknown()).nullish(),
    }),
  }),
);

const logprobs = lazily(() => z.boolean().nullish());
const topLogprobs = lazily(() => z.int().min(0).max(20).nullish());

/**
 * The body of `POST /api/chat`. Parameters beyond these pass through.
 * Source: https://github.com/ollama/ollama/blob/main/docs/api.md, `api/types.go`
 */
export const chatRequest = lazily(() =>
  z
    .looseObject({
      model: z.string().min(1),
      messages: z.array(message()).nullish(),
      stream: z.boolean().nullish().describe('True unless it is said to be false.'),
      format: format(),
      keep_alive: keepAlive(),
      tools: z.array(tool()).nullish(),
      think: think(),
      logprobs: logprobs(),
      top_logprobs: topLogprobs(),
      options: options(),
    })
    .meta({ id: 'OllamaChatRequest', title: 'Ollama chat request' }),
);

/** The body of `POST /api/generate`. Parameters beyond these pass through. */
export const generateRequest = lazily(() =>
  z
    .looseObject({
      model: z.string().min(1),
      prompt: z.string().nullish(),
      suffix: z.string().nullish().describe('The text after the gap: fill in the middle.'),
      system: z.string().nullish(),
      template: z.string().nullish(),
      context: z.array(z.number()).nullish().describe('Deprecated; only a real Ollama reads it.'),
      raw: z.boolean().nullish().describe('The prompt goes to the model without a template.'),
      images: images(),
      stream: z.boolean().nullish().describe('True unless it is said to be false.'),
      format: format(),
      keep_alive: keepAlive(),
      think: think(),
      logprobs: logprobs(),
      top_logprobs: topLogprobs(),
      options: options(),
    })
    .meta({ id: 'OllamaGenerateRequest', title: 'Ollama generate request' }),
);

/** The body of `POST /api/embed`. */
export const embedRequest = lazily(() =>
  z
    .looseObject({
      model: z.string().min(1),
      input: z.union([z.string(), z.array(z.string())]).nullish(),
      dimensions: z.int().nullish(),
    })
    .meta({ id: 'OllamaEmbedRequest', title: 'Ollama embed request' }),
);

/** The body of the older `POST /api/embeddings`. */
export const embeddingsRequest = lazily(() =>
  z
    .looseObject({ model: z.string().min(1), prompt: z.string().nullish() })
    .meta({ id: 'OllamaEmbeddingsRequest', title: 'Ollama embeddings request' }),
);

export type OllamaChatRequest = OutputOf<typeof chatRequest>;
export type OllamaGenerateRequest = OutputOf<typeof generateRequest>;
export type OllamaRequestMessage = OutputOf<typeof message>;
export type OllamaRequestOptions = OutputOf<typeof options>;

/** A message as it is written, in a request or an answer. */
export interface OllamaMessage {
  role: 'system' | 'user' | 'assistant' | 'tool';
  content: string;
  thinking?: string;
  images?: string[];
  tool_calls?: OllamaToolCall[];
  tool_name?: string;
  tool_call_id?: string;
}

export interface OllamaToolCall {
  id: string;
  function: { index: number; name: string; arguments: Record<string, unknown> };
}

export interface OllamaTool {
  type: 'function';
  function: { name: string; description?: string; parameters: Record<string, unknown> };
}

export interface OllamaTokenLogprob {
  token: string;
  logprob: number;
  bytes?: number[];
}

export interface OllamaLogprob extends OllamaTokenLogprob {
  top_logprobs?: OllamaTokenLogprob[];
}

/** What the last record of an answer adds. Durations are in nanoseconds. */
export interface OllamaMetrics {
  total_duration: number;
  load_duration: number;
  prompt_eval_count: number;
  prompt_eval_duration: number;
  eval_count: number;
  eval_duration: number;
}
