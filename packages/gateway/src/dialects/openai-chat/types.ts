import { z } from 'zod';
import { lazily, type OutputOf } from '../lazily.ts';

/*
 * Source of all shapes: https://developers.openai.com/api/reference/resources/chat (and the types
 * of the `openai` package, against which `sdk-types.test.ts` holds them). What other vendors add
 * to the protocol is named where it stands.
 */

const cacheFields = lazily(() => ({
  prompt_cache_breakpoint: z
    .looseObject({ ttl: z.string().nullish() })
    .nullish()
    .describe('Marks the end of a reusable prefix of the prompt.'),
  cache_control: z
    .looseObject({ ttl: z.string().nullish() })
    .nullish()
    .describe('The same mark as OpenRouter and Anthropic write it.'),
}));

const textPart = lazily(() =>
  z.looseObject({ type: z.literal('text'), text: z.string(), ...cacheFields() }),
);

const imagePart = lazily(() =>
  z.looseObject({
    type: z.literal('image_url'),
    image_url: z.looseObject({
      url: z.string().describe('An http(s) URL, or a data: URL in base64.'),
      detail: z.enum(['auto', 'low', 'high', 'original']).nullish(),
    }),
    ...cacheFields(),
  }),
);

const filePart = lazily(() =>
  z.looseObject({
    type: z.literal('file'),
    file: z.looseObject({
      file_data: z.string().nullish().describe('A data: URL, or base64.'),
      file_id: z.string().nullish(),
      filename: z.string().nullish(),
    }),
    ...cacheFields(),
  }),
);

const audioPart = lazily(() =>
  z.looseObject({
    type: z.literal('input_audio'),
    input_audio: z.looseObject({ data: z.string(), format: z.string().describe('wav or mp3') }),
    ...cacheFields(),
  }),
);

const knownPartTypes: ReadonlySet<string> = new Set(['text', 'image_url', 'file', 'input_audio']);

/**
 * A part of another type (`video_url` of OpenRouter and vLLM, say): it reaches providers of this
 * dialect as it is.
 */
const otherPart = lazily(() =>
  z.looseObject({
    type: z.string().refine((type) => !knownPartTypes.has(type), { abort: true }),
  }),
);

const refusalPart = lazily(() =>
  z.looseObject({ type: z.literal('refusal'), refusal: z.string() }),
);

const instructionContent = lazily(() => z.union([z.string(), z.array(textPart())]));

/** Where Google's OpenAI endpoint puts the signature of a thought. */
const extraContent = lazily(() =>
  z
    .looseObject({
      google: z.looseObject({ thought_signature: z.string().nullish() }).nullish(),
    })
    .nullish(),
);

const toolCall = lazily(() =>
  z.discriminatedUnion('type', [
    z.looseObject({
      type: z.literal('function'),
      id: z.string(),
      function: z.looseObject({ name: z.string(), arguments: z.string() }),
      extra_content: extraContent(),
    }),
    z.looseObject({
      type: z.literal('custom'),
      id: z.string(),
      custom: z.looseObject({ name: z.string(), input: z.string() }),
      extra_content: extraContent(),
    }),
  ]),
);

const reasoningDetail = lazily(() =>
  z.looseObject({
    type: z.string(),
    text: z.string().nullish(),
    summary: z.string().nullish(),
    data: z.string().nullish(),
    signature: z.string().nullish(),
    id: z.string().nullish(),
    index: z.number().nullish(),
  }),
);

const message = lazily(() =>
  z.discriminatedUnion('role', [
    z.looseObject({
      role: z.literal('system'),
      content: instructionContent(),
      name: z.string().nullish(),
    }),
    z.looseObject({
      role: z.literal('developer'),
      content: instructionContent(),
      name: z.string().nullish(),
    }),
    z.looseObject({
      role: z.literal('user'),
      content: z.union([
        z.string(),
        z.array(
          z.union([
            z.discriminatedUnion('type', [textPart(), imagePart(), filePart(), audioPart()]),
            otherPart(),
          ]),
        ),
      ]),
      name: z.string().nullish(),
    }),
    z.looseObject({
      role: z.literal('assistant'),
      content: z
        .union([z.string(), z.array(z.discriminatedUnion('type', [textPart(), refusalPart()]))])
        .nullish(),
      refusal: z.string().nullish(),
      tool_calls: z.array(toolCall()).nullish(),
      reasoning_content: z.string().nullish().describe('Thoughts, as DeepSeek names them.'),
      reasoning: z.string().nullish().describe('Thoughts, as OpenRouter and vLLM name them.'),
      reasoning_details: z
        .array(reasoningDetail())
        .nullish()
        .describe('Thoughts with their signatures, as OpenRouter writes them.'),
      images: z
        .array(z.looseObject({ image_url: z.looseObject({ url: z.string() }) }))
        .nullish()
        .describe('Images the model made, as OpenRouter writes them.'),
      extra_content: extraContent(),
    }),
    z.looseObject({
      role: z.literal('tool'),
      tool_call_id: z.string(),
      content: z.union([
        z.string(),
        z.array(z.discriminatedUnion('type', [textPart(), imagePart(), filePart()])),
      ]),
      name: z.string().nullish(),
    }),
    z.looseObject({ role: z.literal('function') }),
  ]),
);

const functionTool = lazily(() =>
  z.looseObject({
    type: z.literal('function'),
    function: z.looseObject({
      name: z.string(),
      description: z.string().nullish(),
      parameters: z.record(z.string(), z.unknown()).nullish().describe('JSON Schema'),
      strict: z.boolean().nullish(),
    }),
  }),
);

const customTool = lazily(() =>
  z.looseObject({
    type: z.literal('custom'),
    custom: z.looseObject({
      name: z.string(),
      description: z.string().nullish(),
      format: z
        .discriminatedUnion('type', [
          z.looseObject({ type: z.literal('text') }),
          z.looseObject({
            type: z.literal('grammar'),
            grammar: z.looseObject({
              syntax: z.enum(['lark', 'regex']),
              definition: z.string(),
            }),
          }),
        ])
        .nullish(),
    }),
  }),
);

/** Any other type is a tool that the provider runs; it is carried as it is. */
const hostedTool = lazily(() =>
  z.looseObject({
    type: z.string().refine((type) => type !== 'function' && type !== 'custom', { abort: true }),
  }),
);

/** The body of `POST /v1/chat/completions`. Parameters beyond these pass through. */
export const chatCompletionRequest = lazily(() =>
  z
    .looseObject({
      model: z.string().min(1),
      messages: z.array(message()).min(1),
      tools: z.array(z.union([functionTool(), customTool(), hostedTool()])).nullish(),
      tool_choice: z
        .union([z.string(), z.looseObject({ type: z.string() })])
        .nullish()
        .describe('none, auto, required, or an object that names one tool or the allowed ones.'),
      parallel_tool_calls: z.boolean().nullish(),
      response_format: z.looseObject({ type: z.string() }).nullish(),
      reasoning_effort: z
        .string()
        .nullish()
        .describe('none, minimal, low, medium, high, xhigh, max'),
      reasoning: z
        .looseObject({
          effort: z.string().nullish(),
          max_tokens: z.number().nullish(),
          enabled: z.boolean().nullish(),
          exclude: z.boolean().nullish(),
          summary: z.string().nullish(),
        })
        .nullish()
        .describe("OpenRouter's form of reasoning_effort."),
      verbosity: z.enum(['low', 'medium', 'high']).nullish(),
      max_completion_tokens: z.int().nullish(),
      max_tokens: z.int().nullish().describe('The older name of max_completion_tokens.'),
      temperature: z.number().nullish(),
      top_p: z.number().nullish(),
      top_k: z.number().nullish(),
      stop: z.union([z.string(), z.array(z.string())]).nullish(),
      n: z.int().min(1).max(128).nullish(),
      logprobs: z.boolean().nullish(),
      top_logprobs: z.int().min(0).max(20).nullish(),
      seed: z.int().nullish(),
      presence_penalty: z.number().nullish(),
      frequency_penalty: z.number().nullish(),
      logit_bias: z.record(z.string(), z.number()).nullish(),
      stream: z.boolean().nullish(),
      stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
      user: z.string().nullish(),
      safety_identifier: z.string().nullish(),
      prompt_cache_key: z.string().nullish(),
      metadata: z.record(z.string(), z.string()).nullish(),
      service_tier: z.string().nullish(),
    })
    .meta({ id: 'ChatCompletionRequest', title: 'OpenAI chat completion request' }),
);

export type ChatCompletionRequest = OutputOf<typeof chatCompletionRequest>;
export type RequestMessage = ChatCompletionRequest['messages'][number];
export type MessageOf<Role extends RequestMessage['role']> = Extract<
  RequestMessage,
  { role: Role }
>;
export type ContentPart =
  | OutputOf<typeof textPart>
  | OutputOf<typeof imagePart>
  | OutputOf<typeof filePart>
  | OutputOf<typeof audioPart>;
/** One thought. Source: https://openrouter.ai/docs/guides/best-practices/reasoning-tokens */
export interface ReasoningDetail {
  type: string;
  text?: string | null | undefined;
  summary?: string | null | undefined;
  data?: string | null | undefined;
  signature?: string | null | undefined;
  id?: string | null | undefined;
  index?: number | null | undefined;
}

export interface ExtraContent {
  google?: { thought_signature?: string };
}

export type ToolCall =
  | {
      id: string;
      type: 'function';
      function: { name: string; arguments: string };
      extra_content?: ExtraContent;
    }
  | {
      id: string;
      type: 'custom';
      custom: { name: string; input: string };
      extra_content?: ExtraContent;
    };

export interface UrlCitation {
  type: 'url_citation';
  url_citation: {
    url: string;
    title: string;
    start_index: number;
    end_index: number;
    /** OpenRouter's addition: the text that was cited. */
    content?: string;
  };
}

/**
 * Our addition: citations into documents of the request, for which the protocol has no annotation.
 * They stand in a field of their own, `document_citations`, so that strict clients are not upset.
 */
export interface DocumentCitation {
  document_index?: number;
  title?: string;
  cited_text?: string;
  start_index?: number;
  end_index?: number;
}

export interface GeneratedImage {
  type: 'image_url';
  image_url: { url: string };
  index: number;
}

export interface TokenLogprobEntry {
  token: string;
  logprob: number;
  bytes: number[] | null;
  top_logprobs: { token: string; logprob: number; bytes: number[] | null }[];
}

export interface ChoiceLogprobs {
  content: TokenLogprobEntry[] | null;
  refusal: TokenLogprobEntry[] | null;
}

export type FinishReasonName =
  | 'stop'
  | 'length'
  | 'tool_calls'
  | 'content_filter'
  | 'function_call';

/** What we add to OpenAI's message, each where other vendors have it. */
export interface MessageExtensions {
  reasoning_content?: string;
  reasoning_details?: ReasoningDetail[];
  images?: GeneratedImage[];
  document_citations?: DocumentCitation[];
  extra_content?: ExtraContent;
}

export interface AnswerMessage extends MessageExtensions {
  role: 'assistant';
  content: string | null;
  refusal: string | null;
  annotations?: UrlCitation[];
  tool_calls?: ToolCall[];
}

export interface CompletionUsage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  prompt_tokens_details?: {
    cached_tokens?: number;
    cache_write_tokens?: number;
    audio_tokens?: number;
    image_tokens?: number;
  };
  completion_tokens_details?: {
    reasoning_tokens?: number;
    audio_tokens?: number;
    image_tokens?: number;
  };
}

export interface ChatCompletion {
  id: string;
  object: 'chat.completion';
  created: number;
  model: string;
  choices: {
    index: number;
    message: AnswerMessage;
    logprobs: ChoiceLogprobs | null;
    finish_reason: FinishReasonName;
    /** vLLM's addition: the stop sequence that ended the answer. */
    stop_reason?: string;
  }[];
  usage?: CompletionUsage;
}

export interface ChunkDelta extends MessageExtensions {
  role?: 'assistant';
  content?: string | null;
  refusal?: string | null;
  annotations?: UrlCitation[];
  tool_calls?: {
    index: number;
    id?: string;
    type?: 'function' | 'custom';
    function?: { name?: string; arguments?: string };
    custom?: { name?: string; input?: string };
    extra_content?: ExtraContent;
  }[];
}

export interface ChatCompletionChunk {
  id: string;
  object: 'chat.completion.chunk';
  created: number;
  model: string;
  choices: {
    index: number;
    delta: ChunkDelta;
    logprobs: ChoiceLogprobs | null;
    finish_reason: FinishReasonName | null;
    stop_reason?: string;
  }[];
  usage?: CompletionUsage | null;
}

export interface ErrorBody {
  error: { message: string; type: string; param: string | null; code: string | null };
}
